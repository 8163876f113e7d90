// SPDX-License-Identifier: Apache-2.0
// What the policy makes of requests that are odd, in places that are odd. Every verb of every
// resource is kubernetes_access_test's.
#include <CppUTest/TestHarness.h>

#include <string>
#include <vector>

#include "common/kubernetes/policy.h"
#include "common/node_config/services_config.h"

using namespace together;
using namespace together::kubernetes;

namespace {

const std::vector<std::string> ours = {"default", "team-*"};

AccessRequest of_resource(std::string_view verb, std::string_view group, std::string_view resource,
                          std::string_view subresource, std::string_view ns) {
    return {.verb = verb,
            .group = group,
            .resource = resource,
            .subresource = subresource,
            .name = {},
            .ns = ns,
            .path = {},
            .is_resource = true};
}

AccessRequest of_path(std::string_view verb, std::string_view path) {
    return {.verb = verb,
            .group = {},
            .resource = {},
            .subresource = {},
            .name = {},
            .ns = {},
            .path = path,
            .is_resource = false};
}

bool is_admins(const AccessRequest& request) {
    const auto requirement = requirement_for(request, ours);
    return requirement.need == Need::admin && requirement.row == nullptr;
}

bool is_for_everybody(const AccessRequest& request) {
    return requirement_for(request, ours).need == Need::authenticated;
}

bool takes(const AccessRequest& request, Action action) {
    const auto requirement = requirement_for(request, ours);
    return requirement.need == Need::action && requirement.action == action &&
           requirement.row != nullptr;
}

}  // namespace

TEST_GROUP(kubernetes_policy){};

TEST(kubernetes_policy, has_workloads_in_the_projects_namespaces_alone) {
    for (const char* ns : {"default", "team-", "team-red"})
        CHECK_TEXT(takes(of_resource("create", "", "pods", "", ns), Action::kubernetes_run), ns);
    for (const char* ns : {"", "kube-system", "defaults", "team", "slurm", "Default", "team-RED",
                           "*", "team-*", "default ", "team-a/b"})
        CHECK_TEXT(is_admins(of_resource("create", "", "pods", "", ns)), ns);
}

// Whoever changes the Service `kubernetes` is what the whole cluster takes for its API server.
TEST(kubernetes_policy, leaves_the_api_servers_own_service_to_admins_where_default_is_named) {
    for (const char* verb : {"create", "update", "patch", "delete", "deletecollection"}) {
        CHECK_TEXT(is_admins(of_resource(verb, "", "services", "", "default")), verb);
        CHECK_TEXT(takes(of_resource(verb, "", "services", "", "team-a"), Action::kubernetes_run),
                   verb);
        for (const char* ns : {"default", "team-a"}) {
            CHECK_TEXT(is_admins(of_resource(verb, "", "endpoints", "", ns)), verb);
            CHECK_TEXT(is_admins(of_resource(verb, "discovery.k8s.io", "endpointslices", "", ns)),
                       verb);
        }
    }
}

TEST(kubernetes_policy, tells_subresources_apart) {
    CHECK_TRUE(takes(of_resource("get", "", "pods", "log", "default"), Action::kubernetes_run));
    for (const char* subresource : {"proxy", "eviction", "binding", "ephemeralcontainers", "status",
                                    "resize", "*", "LOG", "log "})
        for (const char* verb : {"get", "create", "update", "patch"})
            CHECK_TEXT(is_admins(of_resource(verb, "", "pods", subresource, "default")),
                       subresource);
    CHECK_TRUE(is_admins(of_resource("get", "", "pods/log", "", "default")));
}

TEST(kubernetes_policy, leaves_stars_empty_words_and_lists_of_words_to_admins) {
    for (const char* verb : {"", "*", "GET", "Create", "get list", "get ", " get", "escalate",
                             "bind", "impersonate", "use", "proxy", "connect"})
        CHECK_TEXT(is_admins(of_resource(verb, "", "pods", "", "default")), verb);
    for (const char* resource : {"", "*", "Pods", "pod", "pods services", "pods ", "pods/", "/"})
        CHECK_TEXT(is_admins(of_resource("get", "", resource, "", "default")), resource);
    for (const char* group : {"*", "core", "v1", "apps", "APPS", " "})
        CHECK_TEXT(is_admins(of_resource("get", group, "pods", "", "default")), group);
}

TEST(kubernetes_policy, names_the_seeds_action_of_the_control_plane) {
    const auto slinky = [](const char* verb, const char* subresource) {
        return of_resource(verb, "slinky.slurm.net", "nodesets", subresource, "slurm");
    };
    CHECK_TRUE(takes(slinky("list", ""), Action::clusters_read));
    CHECK_TRUE(takes(slinky("create", ""), Action::clusters_create));
    CHECK_TRUE(takes(slinky("delete", ""), Action::clusters_delete));
    CHECK_TRUE(takes(slinky("patch", ""), Action::clusters_modify));
    CHECK_TRUE(takes(slinky("patch", "scale"), Action::clusters_scale));
    CHECK_TRUE(takes(of_resource("create", "", "persistentvolumeclaims", "", "default"),
                     Action::volumes_manage));
    CHECK_TRUE(takes(of_resource("list", "", "persistentvolumeclaims", "", "default"),
                     Action::volumes_read));
}

TEST(kubernetes_policy, shows_everybody_what_there_is) {
    for (const char* path : {"/api", "/api/v1", "/apis", "/apis/apps/v1", "/openapi/v3", "/version",
                             "/healthz", "/livez", "/readyz"}) {
        CHECK_TEXT(is_for_everybody(of_path("get", path)), path);
        CHECK_TEXT(is_admins(of_path("post", path)), path);
    }
    CHECK_TRUE(is_for_everybody(
        of_resource("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", "")));
}

TEST(kubernetes_policy, shows_paths_that_only_begin_like_it_to_admins) {
    for (const char* path :
         {"", "/", "*", "/*", "/apis2", "/apix", "/metrics", "/logs", "/debug/pprof",
          "/healthz/etcd", "/apis/../metrics", "/api//v1", "api", "/API"})
        CHECK_TEXT(is_admins(of_path("get", path)), path);
    CHECK_TRUE(is_admins(of_resource("get", "", "/api", "", "")));
}

TEST(kubernetes_policy, never_takes_namespaces_of_the_cluster_for_the_projects) {
    const std::vector<std::string> all = {"*"};
    for (const char* ns : {"kube-system", "kube-public", "kube-node-lease", "kube-flannel", "", "*",
                           "default", "calico-system", "openshift-ingress"})
        CHECK_FALSE_TEXT(is_workload_namespace(ns, all), ns);
    for (const char* ns : {"default", "calico-system", "openshift-ingress"})
        CHECK_TRUE_TEXT(is_workload_namespace(ns, std::vector<std::string>{ns}), ns);
    CHECK_FALSE(is_workload_namespace("kube-flannel", std::vector<std::string>{"kube-flannel"}));
    CHECK_FALSE(is_workload_namespace("default", {}));
    CHECK_FALSE(is_workload_namespace("default", KubernetesConfig().namespaces));
    CHECK_FALSE(
        is_workload_namespace("default", std::vector<std::string>{"", "def*ault", "Default"}));
    CHECK_FALSE(is_workload_namespace(std::string(64, 'a'), all));
}
