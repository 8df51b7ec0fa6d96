# One image a service: docker build --build-arg SERVICE=face -t affectloop-face:0.1.0 .
# Debian 12, as the machines that the tests run on; no torch, compiler or pip's cache in what is shipped.
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ARG SERVICE
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: PIP_PYTHON=/opt/affectloop/bin/python
WORKDIR /build
RUN python -m venv --without-pip /opt/affectloop
# What the service needs comes before its code, so that a change of code does not install it again. An unknown SERVICE ends here.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; extras = project['optional-dependencies']; print(*project['dependencies'], *extras['kafka'], *extras['${SERVICE}'], sep='\n')" > requirements.txt
RUN pip install --constraint constraints.txt --requirement requirements.txt
COPY README.md LICENSE NOTICE ./
COPY src src
COPY services services
COPY commands commands
COPY models models
RUN pip install --no-deps .

FROM python:${PYTHON} AS service
ARG SERVICE
LABEL org.opencontainers.image.title="affectloop-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/affectloop /opt/affectloop
# A process scales by replicas, not by threads of its mathematics; nothing is written but to /tmp, so the root may be read-only;
# ONNX Runtime tells nobody what it runs.
ENV PATH=/opt/affectloop/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    ORT_DISABLE_TELEMETRY=1 \
    AFFECTLOOP_SERVICE=${SERVICE} \
    AFFECTLOOP_RUNTIME__HEALTH_HOST=0.0.0.0 \
    AFFECTLOOP_RUNTIME__HEALTH_PORT=9100
WORKDIR /tmp
USER 10001:10001
EXPOSE 9100
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9100/health/live', timeout=4)"]
CMD ["affectloop", "run"]
