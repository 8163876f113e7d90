// SPDX-License-Identifier: Apache-2.0
// Comparisons of std::string that show both texts when they fail.
#pragma once

#include <CppUTest/TestHarness.h>

#include <string>

#define TEXT_EQUAL(expected, actual) \
    STRCMP_EQUAL(std::string(expected).c_str(), std::string(actual).c_str())

#define TEXT_CONTAINS(expected, actual) \
    STRCMP_CONTAINS(std::string(expected).c_str(), std::string(actual).c_str())
