FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.txt package.json package-lock.json .npmrc ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt && npm ci --ignore-scripts --omit=dev
COPY . .
RUN SECRET_KEY=only-to-collect STATIC_ROOT=/app/staticfiles python manage.py collectstatic --noinput

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 STATIC_ROOT=/app/staticfiles MEDIA_ROOT=/data/media REVOPS_VAR=/data
RUN useradd --system --uid 10001 revops && install -d -o revops /data /data/media
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --from=build /app /app
# Collected already; the sources of the browser libraries need not travel.
RUN rm -rf node_modules
USER revops
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/login/', headers={'X-Forwarded-Proto': 'https'}), timeout=4)"]
CMD ["gunicorn", "revops.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4"]
