// SPDX-License-Identifier: Apache-2.0
// Waiting for another thread: for an event, never for a fixed time.
#pragma once

#include <CppUTest/TestHarness.h>

#include <chrono>
#include <thread>

template <class Condition>
void wait_until(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) FAIL("waited in vain");
        std::this_thread::yield();
    }
}
