import type Koa from 'koa'
import koaHelmet from 'koa-helmet'

/**
 * The headers of pages. Nothing but the instance itself may be loaded, and no script or style inside a page runs.
 * `https` tells whether people reach the instance by it: only then is it promised for the future. Set before the page is
 * made, so that a page with other needs sets its own: `/authorize` must let its form end in a redirect to an app.
 */
export function pageHeaders(https: boolean): Koa.Middleware {
  return koaHelmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
        ...(https && { upgradeInsecureRequests: [] }),
      },
    },
    strictTransportSecurity: https,
    // With helmet's `no-referrer` browsers send `Origin: null` with forms, and the check against forged ones is blind.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  })
}

/** The headers of the API: its answers are data that anybody's page may read with a token, and never a document. */
export function apiHeaders(https: boolean): Koa.Middleware {
  return koaHelmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: https,
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xFrameOptions: false,
    xPermittedCrossDomainPolicies: false,
    xPoweredBy: false,
    xXssProtection: false,
  })
}
