"""A province: the compiled models fanned out over workers, a batch of cities each.

What does not follow from monthly files (units, rules, weights by month) is built once, by dbt, in a
reference database; all else is compiled once. A worker copies what its cities need of the reference
into a DuckDB in memory, runs the compiled models and tests over their files, and puts the results
in place as Parquet by table, city and month. A second step ranks the cities. Scheduling, retries
and transfer are those of Dask; `plan` compiles, `cities` is what a worker does, `run` drives.
"""
