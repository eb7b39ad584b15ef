# One image for every Airflow component and for `ratchet` itself; runs as an ordinary user.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 50000 ratchet \
    && mkdir -p /opt/ratchet/home /opt/airflow/state \
    && chown -R ratchet /opt/ratchet /opt/airflow
WORKDIR /opt/ratchet
COPY requirements.txt pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir -r requirements.txt
COPY include include
RUN pip install --no-cache-dir --no-deps -e .
COPY dags dags
COPY plugins plugins
COPY dbt_project dbt_project
USER ratchet
ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/ratchet/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/ratchet/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    RATCHET_HOME=/opt/ratchet/home
