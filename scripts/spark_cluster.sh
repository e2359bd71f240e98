#!/usr/bin/env bash
# Builds on a cluster of a master and two workers on this machine, of the pyspark package's own
# classes. What is given goes to `dbt build`; what the cluster says is in logs/spark_cluster.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PATH=$PWD/.venv/bin:$PATH
export SPARK_LOCAL_IP=127.0.0.1 SPARK_MASTER=spark://127.0.0.1:7077
mkdir -p logs
start() {
    spark-class "org.apache.spark.deploy.$1" --webui-port 0 "${@:2}" >>logs/spark_cluster.log 2>&1 &
}
trap 'kill $(jobs -pr) && wait' EXIT

start master.Master --host 127.0.0.1 --port 7077
until (: </dev/tcp/127.0.0.1/7077) 2>/dev/null; do
    kill -0 $!
    sleep 1
done
for _ in 1 2; do
    start worker.Worker --cores 1 --memory 1g --work-dir target/spark "$SPARK_MASTER"
done
dbt build --target spark_cluster "$@"
