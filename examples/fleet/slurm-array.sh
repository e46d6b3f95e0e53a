#!/usr/bin/env bash
# Without a queue: an array of Slurm jobs, of which each does its share of the parts.
#   sbatch slurm-array.sh /shared/photos /shared/rows
# A task that is ended or requeued goes on where it was; running the whole array again does what is left.
# Run by hand with Slurm's variables set, not under Slurm itself.
#SBATCH --job-name=bigtransfer
#SBATCH --array=0-9
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail

inputs=${1:?usage: sbatch slurm-array.sh INPUTS OUTPUT}
output=${2:?usage: sbatch slurm-array.sh INPUTS OUTPUT}

# Arrays need not begin at 0.
shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))

exec ${BIGTRANSFER:-npx --no-install bigtransfer} batch "$inputs" --out "$output" \
  --shard "$shard/$SLURM_ARRAY_TASK_COUNT" --threads "${SLURM_CPUS_PER_TASK:-1}"
