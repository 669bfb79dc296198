# The stand-in for Safaricom, for training and tests. Versions are pinned in pyproject.toml.
FROM python:3.11-slim
WORKDIR /opt/school
COPY pyproject.toml ./
RUN pip install --no-cache-dir --upgrade 'pip>=25.1' && pip install --no-cache-dir --group simulator \
    && useradd --system simulator && install -d -o simulator /var/lib/simulator
COPY tests/daraja_simulator ./daraja_simulator
USER simulator
ENTRYPOINT ["python", "-m", "daraja_simulator"]
