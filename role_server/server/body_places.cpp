// SPDX-License-Identifier: Apache-2.0
#include "role_server/server/body_places.h"

namespace together::roled {

std::shared_ptr<const void> BodyPlaces::take(const std::string& asker) {
    const std::lock_guard lock(taken_->mutex);
    const auto own = taken_->of_one.find(asker);
    const bool has_all = own != taken_->of_one.end() && own->second >= max_of_one_;
    if (taken_->all >= max_ || has_all) return nullptr;
    ++taken_->all;
    ++taken_->of_one[asker];
    return {taken_.get(), [taken = taken_, asker](const void*) {
                const std::lock_guard giving_back(taken->mutex);
                --taken->all;
                if (--taken->of_one[asker] == 0) taken->of_one.erase(asker);
            }};
}

}  // namespace together::roled
