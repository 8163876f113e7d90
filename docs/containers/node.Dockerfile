# SPDX-License-Identifier: Apache-2.0
# Login pods and slurmd pods of Slinky with the gate in them. NOT BUILT IN CI, which has no container
# runtime: tests/docs looks at it line by line. From the checkout:
#
#   docker build -f docs/containers/node.Dockerfile -t registry.example.org/login:25.11-together \
#     --build-arg BASE=ghcr.io/slinkyproject/login:25.11-ubuntu24.04 .
#   docker build -f docs/containers/node.Dockerfile -t registry.example.org/slurmd:25.11-together \
#     --build-arg BASE=ghcr.io/slinkyproject/slurmd:25.11-ubuntu24.04 .

ARG BASE=ghcr.io/slinkyproject/slurmd:25.11-ubuntu24.04

# The plug-ins are built for one Slurm: an image that has its headers, of the same tag as the others.
FROM ghcr.io/slinkyproject/slurmd:25.11-ubuntu24.04 AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential devscripts equivs
COPY . /src
WORKDIR /src
RUN mk-build-deps --install --remove --build-profiles nocheck --tool 'apt-get -y --no-install-recommends' packaging/debian/control
RUN packaging/build-deb /packages

FROM $BASE
COPY --from=build /packages/together-access-common_*.deb /packages/together-access-tools_*.deb /packages/libpam-together_*.deb /packages/slurm-spank-together_*.deb /tmp/together/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/together/*.deb && rm -rf /tmp/together /var/lib/apt/lists/*

# The first account lines. The entrypoint of slurmd puts pam_slurm_adopt right before
# "@include common-account", behind ours: first whether one may in, then whether one has a job here.
COPY packaging/examples/pam-sshd.example /tmp/pam-sshd
# su, which slurmd starts before it asks a plug-in (slurm.md): min_uid is 1000 unless the ConfigMap says otherwise.
RUN sed 's/uid = 0$/uid < 1000/' /tmp/pam-sshd >/tmp/pam-su && sed -i -e '0,/^account\|^@include *common-account/{/^account\|^@include *common-account/e grep ^account /tmp/pam-su' -e '}' /etc/pam.d/su && grep -q pam_together.so /etc/pam.d/su && rm /tmp/pam-su
RUN sed -i -e '0,/^account\|^@include *common-account/{/^account\|^@include *common-account/e grep ^account /tmp/pam-sshd' -e '}' /etc/pam.d/sshd && grep -q pam_together.so /etc/pam.d/sshd && rm /tmp/pam-sshd

# The watcher, as root beside sshd and slurmd. Without it a login or step asks where it has to.
COPY docs/containers/together-refresh.supervisor /etc/supervisor/conf.d/together-refresh.conf
