// SPDX-License-Identifier: Apache-2.0
#include "role_server/base/validation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/roles/identifiers.h"

namespace together::roled {
namespace {

// Accounts of Debian, Ubuntu and Enterprise Linux, of the images that clouds boot, and of the
// daemons that a cluster's nodes run.
// clang-format off
constexpr std::array reserved = std::to_array<std::string_view>({
    "root", "toor", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp",
    "proxy", "www-data", "backup", "list", "irc", "gnats", "nobody", "nogroup", "adm", "shutdown",
    "halt", "operator", "ftp", "wheel", "sudo", "staff", "users", "tty", "disk", "kmem", "shadow",
    "_apt", "_ssh", "_chrony", "_rpc", "messagebus", "dbus", "polkitd", "sshd", "sssd", "tss",
    "systemd", "syslog", "uuidd", "tcpdump", "landscape", "pollinate", "lxd", "usbmux", "dnsmasq",
    "avahi", "colord", "rtkit", "chrony", "ntp", "rpc", "rpcuser", "statd", "nfsnobody", "postfix",
    "apache", "nginx", "mysql", "postgres", "redis", "prometheus", "grafana", "docker", "containerd",
    "etcd", "kubelet", "munge", "slurm", "slurmrestd", "slurmdbd", "together", "admin", "administrator",
    "jenkins", "deploy", "git", "gitlab", "gitlab-runner", "gitea", "ansible", "puppet", "nagios",
    "zabbix", "icinga", "telegraf", "influxdb", "node_exporter", "node-exporter", "ceph", "lustre",
    "gluster", "ganesha", "minio", "nvidia-persistenced", "dcgm", "nvidia-dcgm", "nslcd", "consul",
    "vault", "nomad", "elasticsearch", "logstash", "kibana", "rabbitmq", "memcached", "haproxy",
    "traefik", "envoy", "squid", "bind", "named", "unbound", "ldap", "openldap", "krb5kdc", "libvirt",
    "libvirt-qemu", "qemu", "kvm", "podman", "cri-o", "flannel", "cilium", "jupyter", "jupyterhub",
    "ubuntu", "debian", "centos", "rocky", "almalinux", "fedora", "rhel", "opensuse", "arch",
    "ec2-user", "cloud-user", "cloud_user", "azureuser", "opc", "vagrant", "pi", "core", "maintuser",
});
// clang-format on

bool is_reserved(std::string_view login) {
    const auto key = without_case(login);
    return key.starts_with("systemd-") ||
           std::find(reserved.begin(), reserved.end(), key) != reserved.end();
}

}  // namespace

std::string without_case(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

Outcome<std::string> checked_login(std::string login) {
    if (!is_login(login))
        return bad_request(
            "invalid_login",
            "A login is 1 to 32 letters, digits, '_', '.' or '-', begins with a letter, "
            "a digit or '_', and is not only digits.",
            "login");
    if (is_reserved(login))
        return bad_request("reserved_login",
                           "'" + login + "' is the name of a system account; choose another.",
                           "login");
    return login;
}

Outcome<std::string> checked_email(std::string email) {
    const auto at = email.find('@');
    const bool plain = std::all_of(email.begin(), email.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '<' && c != '>';
    });
    if (!plain || !is_utf8(email) || email.size() > 254 || at == 0 || at == std::string::npos ||
        at + 1 == email.size() || email.find('@', at + 1) != std::string::npos)
        return bad_request("invalid_email", "That is no e-mail address.", "email");
    return email;
}

Outcome<std::string> checked_name(std::string name, std::string param) {
    if (name.empty() || name.size() > 128 || name.front() == ' ' || name.back() == ' ' ||
        !is_printable(name) || !is_utf8(name))
        return bad_request(
            "invalid_name",
            "A name is 1 to 128 bytes of UTF-8 without control characters, without characters that "
            "hide or reorder text, and without blanks at its ends.",
            std::move(param));
    return name;
}

}  // namespace together::roled
