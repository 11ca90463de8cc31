# One image with all daemons and the command line; the command chooses: docker run roundtrip:local roundtrip-gateway.
# Another (--target tools) with the command line and the stories.
ARG BASE_IMAGE=debian:12-slim

FROM ${BASE_IMAGE} AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev meson ninja-build pkg-config \
        libssl-dev libsqlite3-dev libbson-dev libmongoc-dev librabbitmq-dev libcivetweb-dev \
        libcurl4-openssl-dev libcjson-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN meson setup /build /src -Dtests=disabled \
    && ninja -C /build programs \
    && find /build -maxdepth 2 -name 'roundtrip*' -type f -exec install -D -s -t /out {} +

FROM ${BASE_IMAGE} AS runtime
# curl is for the health checks.
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates curl \
        libssl3 libsqlite3-0 libbson-1.0-0 libmongoc-1.0-0 librabbitmq4 libcivetweb1 libcurl4 libcjson1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin roundtrip \
    && install -d -o roundtrip -g roundtrip -m 700 /var/lib/roundtrip
COPY --from=build /out/ /usr/local/bin/
USER roundtrip
WORKDIR /var/lib/roundtrip

# For people who look into a running system: the stories that need no hand on processes come along.
FROM runtime AS tools
USER root
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-pika \
    && rm -rf /var/lib/apt/lists/*
COPY scenarios /opt/roundtrip/scenarios
ENV PYTHONDONTWRITEBYTECODE=1
USER roundtrip
WORKDIR /opt/roundtrip
CMD ["roundtrip", "--help"]

FROM runtime AS services
# Exec form: the daemon itself gets SIGTERM, and ends in order.
CMD ["roundtrip", "--help"]
