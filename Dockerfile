# Two stages: what builds stays behind. tests/operations/test_image.py runs these steps without Docker.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund
COPY . .
RUN SECRET_KEY=only-to-collect STATIC_ROOT=/app/staticfiles python manage.py collectstatic --noinput
# Collected already; the sources of the browser libraries need not travel.
RUN rm -rf node_modules && python -m compileall -q .

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 STATIC_ROOT=/app/staticfiles MEDIA_ROOT=/data/media REVOPS_VAR=/data
RUN useradd --system --uid 10001 revops && install -d -o revops /data /data/media
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --from=build /app /app
USER revops
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "revops.wsgi", "--bind", "0.0.0.0:8000"]
