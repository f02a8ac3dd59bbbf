# The server and the command line, without compiler, package cache or root.

FROM python:3.12-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/kinemotion \
 && pip --python /opt/kinemotion/bin/python install --require-hashes --only-binary :all: --requirement requirements.lock \
 && pip install --require-hashes --requirement requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-build-isolation --no-deps --wheel-dir wheels . \
 && pip --python /opt/kinemotion/bin/python install --no-index --no-deps wheels/*.whl \
 # Libraries' own tests are 17 MB.
 && find /opt/kinemotion -depth -type d -name tests -exec rm -rf {} +


FROM python:3.12-slim

LABEL org.opencontainers.image.title="Kinemotion" \
      org.opencontainers.image.description="Jump kinematics from a live camera" \
      org.opencontainers.image.licenses="MIT AND Apache-2.0"

RUN groupadd --system --gid 10001 kinemotion \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin kinemotion \
 && install --directory --owner kinemotion --group kinemotion /data /models

COPY --from=build /opt/kinemotion /opt/kinemotion

# OpenCV reads its limit while it is imported; it is kinemotion.MAX_PIXELS, the second line behind the JPEG gate.
ENV PATH=/opt/kinemotion/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENCV_IO_MAX_IMAGE_PIXELS=4194304 \
    KINEMOTION_HOST=0.0.0.0 \
    KINEMOTION_PORT=8000 \
    KINEMOTION_MODEL_DIR=/models

USER 10001:10001
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "-Ic", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['KINEMOTION_PORT']), timeout=2); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]

CMD ["kinemotion", "serve"]
