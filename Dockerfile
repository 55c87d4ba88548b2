# One image, three roles: ROLE=all (the default), web or worker. docker-compose.yml shows them side by side.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The image has its Node already; the one from npm is for machines with an older one.
RUN npm ci --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/node-win-* node_modules/.bin/node

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 ROLE=all DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
# What .dockerignore lets through, and nothing else.
COPY . .
# The code belongs to root and stays as it is; only /data may be written to.
RUN install -d -o node -g node -m 0755 /data
USER node
VOLUME /data
EXPOSE 4000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4000) + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, so that the server itself gets the signal to stop.
CMD ["node", "src/main/cli.ts", "start"]
