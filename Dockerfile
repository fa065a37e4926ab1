# One image for every service: the command decides what a container does.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/povod
WORKDIR /source
# The libraries change less often than the code: a layer of their own.
COPY requirements-server.lock ./
RUN /opt/povod/bin/pip install --quiet --require-hashes -r requirements-server.lock
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY src ./src
RUN /opt/povod/bin/pip install --quiet --no-deps .

FROM python:3.12-slim
# Chromium is the browser step of crawling; without it that step is skipped.
ARG WITH_BROWSER=1
RUN if [ "$WITH_BROWSER" = 1 ]; then \
      apt-get update \
      && apt-get install --yes --no-install-recommends chromium \
      && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --system --uid 10001 --create-home --home-dir /data povod
COPY --from=build /opt/povod /opt/povod
ENV PATH=/opt/povod/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    OUTBOX_DIR=/data/outbox \
    WEB_HOST=0.0.0.0 \
    LOG_FORMAT=json
WORKDIR /data
USER povod
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["povod"]
CMD ["serve"]
