// SPDX-License-Identifier: Apache-2.0
// A SubjectAccessReview of authorization.k8s.io/v1, as a Kubernetes API server sends it and as it
// wants it back. Unknown fields are ignored; what is malformed is refused, never guessed. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/kubernetes/policy.h"
#include "common/system/result.h"

namespace together::authorizer {

struct AccessReview {
    std::string user;
    bool is_resource = true;
    std::string verb;
    std::string group;
    std::string resource;
    std::string subresource;
    std::string name;
    std::string ns;
    std::string path;  // where it is no resource
    // kind, apiVersion, metadata and spec as they were sent, up to where the status goes.
    std::string sent;

    kubernetes::AccessRequest request() const;
};

struct AccessAnswer {
    bool allowed = false;
    bool denied = false;  // neither: no opinion, the next authorizer is asked
    std::string reason;
    std::string evaluation_error;
};

// The error is a sentence for whoever wrote the client.
Result<AccessReview> read_access_review(std::string_view body);

// The same object with its status.
std::string answered(const AccessReview& review, const AccessAnswer& answer);

// A metav1.Status: how Kubernetes' clients expect to be refused.
std::string failure_status(unsigned code, std::string_view reason, std::string_view message);

// "create pods/exec in default", for the log: neither the object's name nor a query.
std::string shown(const AccessReview& review);

}  // namespace together::authorizer
