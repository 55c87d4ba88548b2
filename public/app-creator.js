// Makes an app's key pair and its authorization token (docs/api/authorization.md) in the browser: nothing is sent.
const form = document.getElementById('app-creator')
const made = document.getElementById('app-made')
const error = form.querySelector('.error')

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
const base64url = (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const part = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)))
const pem = (kind, bytes) =>
  `-----BEGIN ${kind} KEY-----\n${base64(bytes)
    .match(/.{1,64}/g)
    .join('\n')}\n-----END ${kind} KEY-----\n`

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}

async function make(asked) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const publicPem = pem('PUBLIC', await crypto.subtle.exportKey('spki', publicKey))
  const now = Math.floor(Date.now() / 1000)
  const { id, name, url, redirect, scopes } = asked
  const claims = {
    iss: id,
    app: { name, ...(url ? { url } : {}), public_key: publicPem },
    scopes,
    iat: now,
    exp: now + 24 * 60 * 60,
    ...(redirect ? { redirect_uri: redirect } : {}),
  }
  const input = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  const signature = await crypto.subtle.sign(algorithm.name, privateKey, new TextEncoder().encode(input))
  return {
    privateKey: pem('PRIVATE', await crypto.subtle.exportKey('pkcs8', privateKey)),
    publicKey: publicPem,
    token: `${input}.${base64url(signature)}`,
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const said = new FormData(form)
  const scopes = said.getAll('scope')
  error.hidden = scopes.length > 0
  error.textContent = form.dataset.noScope
  if (scopes.length === 0) return
  const text = (name) => said.get(name).trim()
  const result = await make({
    ...Object.fromEntries(['id', 'name', 'url', 'redirect'].map((n) => [n, text(n)])),
    scopes,
  })
  document.getElementById('private-key').value = result.privateKey
  document.getElementById('public-key').value = result.publicKey
  document.getElementById('token').value = result.token
  document.getElementById('try').href = `/authorize?${new URLSearchParams({ token: result.token })}`
  made.hidden = false
  document.getElementById('private-key').focus()
})
