# The product by itself: `shelftalk worker`, `serve`, `migrate` and every question. No embedded components.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/shelftalk
ENV PATH=/opt/shelftalk/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The hashed requirements first: they change less often than the product.
COPY requirements/product.txt requirements/setup.txt requirements/
# What builds the product, and what comes as its source only, is hashed too; it is not part of it.
RUN pip install --require-hashes -r requirements/setup.txt
RUN uv pip install --no-cache --python /opt/shelftalk/bin/python --no-build-isolation --require-hashes -r requirements/product.txt

COPY pyproject.toml README.md worker.py ./
COPY schemas schemas
COPY workflows workflows
COPY activities activities
COPY starter starter
RUN pip install --no-deps --no-build-isolation . && pip uninstall --yes setuptools uv

FROM python:3.13-slim
RUN useradd --system --create-home shelftalk
COPY --from=build /opt/shelftalk /opt/shelftalk
USER shelftalk
ENV PATH=/opt/shelftalk/bin:$PATH SHELFTALK_DATA_DIR=/home/shelftalk/data

# Not through a shell: a stop must reach the product itself.
ENTRYPOINT ["shelftalk"]
CMD ["--help"]
