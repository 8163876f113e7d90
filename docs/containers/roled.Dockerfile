# SPDX-License-Identifier: Apache-2.0
# together-roled, the role authority. NOT BUILT IN CI, which has no container runtime: tests/docs looks at it line by line.
# From the checkout:
#
#   docker build -f docs/containers/roled.Dockerfile -t registry.example.org/together-roled .
#   docker run --read-only --cap-drop ALL -v roles:/var/lib/together-roled registry.example.org/together-roled \
#     init --db /var/lib/together-roled/roles.db --organization Acme --owner ann@example.com
#   docker run --read-only --cap-drop ALL -v roles:/var/lib/together-roled -v ./tls:/tls:ro -p 8480:8480 registry.example.org/together-roled

FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential devscripts equivs
COPY . /src
WORKDIR /src
RUN mk-build-deps --install --remove --build-profiles nocheck --tool 'apt-get -y --no-install-recommends' packaging/debian/control
RUN packaging/build-deb /packages

FROM debian:trixie-slim
COPY --from=build /packages/together-roled_*.deb /tmp/together/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/together/*.deb && rm -rf /tmp/together /var/lib/apt/lists/*

# The database is the volume's, or PostgreSQL's: then TOGETHER_ROLED_DB has the connection string.
USER together-roled
VOLUME /var/lib/together-roled
EXPOSE 8480
ENTRYPOINT ["together-roled"]
CMD ["serve", "--db", "/var/lib/together-roled/roles.db", "--listen", "0.0.0.0:8480", "--tls-cert", "/tls/tls.crt", "--tls-key", "/tls/tls.key", "--log-requests"]
