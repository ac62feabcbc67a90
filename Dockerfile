# Everything that the workflow and its jobs need, in the pinned versions: docs/clusters.md says how it is used.
#   docker build --tag micronets .
FROM debian:bookworm-slim

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1

# What envs/set_up.py looks for; the versions are those of Debian 12, as everywhere.
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -y --no-install-recommends \
    gcc gcc-arm-none-eabi git kubernetes-client libc6-dev libnewlib-arm-none-eabi python3 python3-venv qemu-system-arm \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/micronets
COPY pyproject.toml README.md LICENSE ./
COPY envs envs
COPY micronets/__init__.py micronets/
RUN python3 envs/set_up.py

COPY . .
# Whoever a container runs as may write nowhere but to /tmp and what is mounted.
ENV PATH=/opt/micronets/.venv/bin:$PATH HOME=/tmp
RUN python -m compileall -q micronets && micronets boards > /dev/null
WORKDIR /work
CMD ["micronets", "--help"]
