// SPDX-License-Identifier: Apache-2.0
#include "common/kubernetes/policy.h"

#include <algorithm>
#include <array>

namespace together::kubernetes {
namespace {

using enum Where;
using enum Action;

constexpr std::string_view read = "get list watch";
constexpr std::string_view write = "create update patch delete deletecollection";
constexpr std::string_view use = "get list watch create update patch delete deletecollection";
constexpr std::string_view slinky = "slinky.slurm.net";
constexpr std::string_view slinky_resources =
    "nodesets loginsets clusters controllers accountings restapis";

// clang-format off
constexpr std::array table = std::to_array<PolicyRow>({
    // Workloads: the seed's "Run Kubernetes workloads (kubectl)".
    {use, "", "pods configmaps secrets replicationcontrollers", project_namespaces, kubernetes_run},
    {read, "", "services", project_namespaces, kubernetes_run},
    {write, "", "services", but_default, kubernetes_run},
    {"get", "", "pods/log", project_namespaces, kubernetes_run},
    {"get create", "", "pods/exec pods/attach pods/portforward", project_namespaces, kubernetes_run},
    {"get update patch", "", "replicationcontrollers/scale", project_namespaces, kubernetes_run},
    {read, "", "events endpoints serviceaccounts resourcequotas limitranges", project_namespaces, kubernetes_run},
    {use, "apps", "deployments statefulsets daemonsets replicasets", project_namespaces, kubernetes_run},
    {"get update patch", "apps", "deployments/scale replicasets/scale", project_namespaces, kubernetes_run},
    {"get", "apps", "statefulsets/scale", project_namespaces, kubernetes_run},
    {read, "apps", "controllerrevisions", project_namespaces, kubernetes_run},
    {use, "batch", "jobs cronjobs", project_namespaces, kubernetes_run},
    {use, "policy", "poddisruptionbudgets", project_namespaces, kubernetes_run},
    {use, "resource.k8s.io", "resourceclaims resourceclaimtemplates", project_namespaces, kubernetes_run},
    {read, "autoscaling", "horizontalpodautoscalers", project_namespaces, kubernetes_run},
    {read, "networking.k8s.io", "ingresses networkpolicies", project_namespaces, kubernetes_run},
    {read, "discovery.k8s.io", "endpointslices", project_namespaces, kubernetes_run},
    {read, "events.k8s.io", "events", project_namespaces, kubernetes_run},
    {read, "metrics.k8s.io", "pods", project_namespaces, kubernetes_run},
    // Volumes
    {read, "", "persistentvolumeclaims", project_namespaces, volumes_read},
    {read, "", "persistentvolumes", cluster, volumes_read},
    {read, "storage.k8s.io", "storageclasses", cluster, volumes_read},
    {write, "", "persistentvolumeclaims persistentvolumes", anywhere, volumes_manage},
    {write, "storage.k8s.io", "storageclasses", anywhere, volumes_manage},
    {"update patch", "apps", "statefulsets/scale", anywhere, volumes_manage},
    // The cluster
    {read, "", "nodes", cluster, clusters_read},
    {read, "", "namespaces", anywhere, clusters_read},
    {read, "metrics.k8s.io", "nodes", cluster, clusters_read},
    {read, "scheduling.k8s.io", "priorityclasses", cluster, clusters_read},
    {read, "node.k8s.io", "runtimeclasses", cluster, clusters_read},
    {read, "resource.k8s.io", "deviceclasses resourceslices", cluster, clusters_read},
    {"create delete deletecollection", "", "nodes", anywhere, clusters_scale},
    {"update patch", "", "nodes", anywhere, clusters_modify},
    {write, "", "namespaces", anywhere, clusters_modify},
    // Slurm clusters of Slinky's operator
    {read, slinky, slinky_resources, anywhere, clusters_read},
    {"get", slinky, "nodesets/scale loginsets/scale", anywhere, clusters_read},
    {"create", slinky, slinky_resources, anywhere, clusters_create},
    {"delete deletecollection", slinky, slinky_resources, anywhere, clusters_delete},
    {"update patch", slinky, "nodesets/scale loginsets/scale", anywhere, clusters_scale},
    {"update patch", slinky, slinky_resources, anywhere, clusters_modify},
    // Without these kubectl says "the server doesn't have a resource type" and hides our sentence; as
    // RBAC's system:discovery, system:public-info-viewer and system:basic-user.
    {"get", "", "/api /api/* /apis /apis/* /openapi /openapi/* /version /version/ /healthz /livez /readyz", path, std::nullopt},
    {"create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", cluster, std::nullopt},
    {"create", "authentication.k8s.io", "selfsubjectreviews", cluster, std::nullopt},
});
// clang-format on

// Whether any word of the list fits.
template <class Fits>
constexpr bool any_word(std::string_view list, Fits fits) {
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        if (fits(word)) return true;
        list.remove_prefix(std::min(list.size(), word.size() + 1));
    }
    return false;
}

constexpr bool has_word(std::string_view list, std::string_view wanted) {
    return any_word(list, [&](std::string_view word) { return word == wanted; });
}

// Places that are no path overlap, as far as a table can tell: a namespaced resource stands in no
// row of the cluster's.
constexpr bool in_the_same_place(Where one, Where other) {
    const auto is_the_projects = [](Where where) {
        return where == project_namespaces || where == but_default;
    };
    return one == other || (is_the_projects(one) && is_the_projects(other)) ||
           ((one == anywhere || other == anywhere) && one != path && other != path);
}

constexpr bool answer_the_same(const PolicyRow& one, const PolicyRow& other) {
    const auto shared = [](std::string_view list, std::string_view second) {
        return any_word(list, [&](std::string_view word) { return has_word(second, word); });
    };
    return one.group == other.group && in_the_same_place(one.where, other.where) &&
           shared(one.verbs, other.verbs) && shared(one.resources, other.resources);
}

constexpr bool no_two_rows_answer_the_same() {
    for (std::size_t i = 0; i < table.size(); ++i)
        for (std::size_t j = i + 1; j < table.size(); ++j)
            if (answer_the_same(table[i], table[j])) return false;
    return true;
}
static_assert(no_two_rows_answer_the_same());

constexpr bool every_list_has_words() {
    return std::ranges::all_of(table, [](const PolicyRow& row) {
        const auto is_empty = [](std::string_view word) { return word.empty(); };
        return !row.verbs.empty() && !row.resources.empty() && !any_word(row.verbs, is_empty) &&
               !any_word(row.resources, is_empty);
    });
}
static_assert(every_list_has_words());

// "pods/log" is the resource pods and the subresource log. A request's resource with a slash in it
// is neither.
bool is_called(std::string_view word, const AccessRequest& request) {
    const auto slash = word.find('/');
    const auto resource = word.substr(0, slash);
    const auto subresource = slash == word.npos ? std::string_view() : word.substr(slash + 1);
    return resource == request.resource && subresource == request.subresource;
}

bool path_fits(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with('*')) return path == pattern;
    return path.starts_with(pattern.substr(0, pattern.size() - 1));
}

// "/apis/../metrics" begins like what everybody may read.
bool is_straight(std::string_view path) {
    return path.find("..") == path.npos && path.find("//") == path.npos;
}

bool names_path(const PolicyRow& row, const AccessRequest& request) {
    return row.where == path && is_straight(request.path) &&
           any_word(row.resources,
                    [&](std::string_view word) { return path_fits(word, request.path); });
}

bool stands_where(Where where, const AccessRequest& request,
                  std::span<const std::string> namespaces) {
    switch (where) {
        case project_namespaces:
            return is_workload_namespace(request.ns, namespaces);
        case but_default:
            return request.ns != default_namespace && is_workload_namespace(request.ns, namespaces);
        case cluster:
            return request.ns.empty();
        case anywhere:
            return true;
        case path:
            return false;
    }
    return false;
}

bool names_resource(const PolicyRow& row, const AccessRequest& request,
                    std::span<const std::string> namespaces) {
    return row.group == request.group && stands_where(row.where, request, namespaces) &&
           any_word(row.resources, [&](std::string_view word) { return is_called(word, request); });
}

constexpr bool is_namespace_name(std::string_view name) {
    constexpr std::size_t max_label = 63;
    return !name.empty() && name.size() <= max_label && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_kubernetes_own(std::string_view ns) {
    return ns.starts_with("kube-");
}

bool is_only_meant_by_its_name(std::string_view ns) {
    return ns == default_namespace || ns.ends_with("-system") || ns.starts_with("openshift-");
}

bool means(std::string_view pattern, std::string_view ns) {
    if (!pattern.ends_with('*')) return ns == pattern;
    return !is_only_meant_by_its_name(ns) && ns.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

std::span<const PolicyRow> policy() noexcept {
    return table;
}

std::string_view name_of(Where where) noexcept {
    switch (where) {
        case project_namespaces:
            return "project's namespaces";
        case but_default:
            return "project's namespaces but default";
        case cluster:
            return "cluster";
        case anywhere:
            return "anywhere";
        case path:
            return "path";
    }
    return "";
}

Requirement requirement_for(const AccessRequest& request,
                            std::span<const std::string> namespaces) noexcept {
    for (const auto& row : table) {
        if (!has_word(row.verbs, request.verb)) continue;
        if (!(request.is_resource ? names_resource(row, request, namespaces)
                                  : names_path(row, request)))
            continue;
        if (!row.action) return {Need::authenticated, {}, &row};
        return {Need::action, *row.action, &row};
    }
    return {Need::admin, {}, nullptr};
}

bool is_workload_namespace(std::string_view ns, std::span<const std::string> patterns) noexcept {
    return is_namespace_name(ns) && !is_kubernetes_own(ns) &&
           std::ranges::any_of(patterns,
                               [&](std::string_view pattern) { return means(pattern, ns); });
}

}  // namespace together::kubernetes
