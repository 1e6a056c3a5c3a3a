# API, relay, worker and migration in one image: the command says which. See docker-compose.yml.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package of ours needs its install scripts. The embedded Postgres stays out: a deployment has its own.
RUN npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src src
COPY workflows workflows
COPY activities activities
RUN npm run build

# glibc, which Temporal's native core is linked against: no Alpine.
FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "dist/src/processes/api.js"]
