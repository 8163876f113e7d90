# SPDX-License-Identifier: Apache-2.0
# slurmctld of Slinky with the submit check in it. NOT BUILT IN CI, which has no container runtime: tests/docs
# looks at it line by line. From the checkout:
#
#   docker build -f docs/containers/slurmctld.Dockerfile -t registry.example.org/slurmctld:25.11-together .

# job_submit loads into exactly the Slurm it was built for: the same tag twice.
FROM ghcr.io/slinkyproject/slurmctld:25.11-ubuntu24.04 AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential devscripts equivs
COPY . /src
WORKDIR /src
RUN mk-build-deps --install --remove --build-profiles nocheck --tool 'apt-get -y --no-install-recommends' packaging/debian/control
RUN packaging/build-deb /packages

FROM ghcr.io/slinkyproject/slurmctld:25.11-ubuntu24.04
# The SPANK plug-in, too: this pod has the nodes' plugstack.conf, and its sbatch reads it.
COPY --from=build /packages/together-access-common_*.deb /packages/together-access-tools_*.deb /packages/slurm-spank-together_*.deb /packages/slurm-job-submit-together_*.deb /tmp/together/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/together/*.deb && rm -rf /tmp/together /var/lib/apt/lists/*
