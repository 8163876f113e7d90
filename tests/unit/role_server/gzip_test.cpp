// SPDX-License-Identifier: Apache-2.0
#include "http_server/gzip.h"

#include <CppUTest/TestHarness.h>

#include <boost/beast/zlib/inflate_stream.hpp>
#include <random>
#include <string>

using namespace together::http;

struct GzipGroup : Utest {
    static bool accepts(const char* value) {
        Request request;
        request.headers = {{"accept-encoding", value}};
        return accepts_gzip(request);
    }
    // Without header and trailer, which tests/system/role_server has read by Python's gzip.
    static std::string unpacked(const std::string& packed, std::size_t size) {
        namespace zlib = boost::beast::zlib;
        std::string text(size + 1, '\0');
        zlib::inflate_stream stream;
        zlib::z_params step;
        step.next_in = packed.data() + 10;
        step.avail_in = packed.size() - 18;
        step.next_out = text.data();
        step.avail_out = text.size();
        boost::system::error_code error;
        stream.write(step, zlib::Flush::finish, error);
        text.resize(step.total_out);
        return text;
    }
};

TEST_GROUP_BASE(GzipTest, GzipGroup){};

TEST(GzipTest, who_takes_it) {
    for (const auto* value : {"gzip", "gzip, deflate", "deflate,gzip", "br , GZIP ; q=0.5",
                              "gzip;q=1", "gzip;q=0.001", "gzip;q=0, gzip"})
        CHECK_TEXT(accepts(value), value);
}

TEST(GzipTest, who_does_not) {
    for (const auto* value : {"", "identity", "deflate", "xgzip", "gzipx", "*", ",;,", "gzip;q=0",
                              "gzip; Q=0.000", "deflate;gzip"})
        CHECK_FALSE_TEXT(accepts(value), value);
    CHECK_FALSE(accepts_gzip(Request()));
}

TEST(GzipTest, all_of_a_text_comes_back) {
    std::string even, random;
    std::mt19937 numbers(1);
    for (std::size_t size : {0U, 1U, 4096U, 150'000U}) {
        even.resize(size, 'a');
        while (random.size() < size) random += static_cast<char>(numbers());
        CHECK(unpacked(gzip(even), size) == even);
        CHECK(unpacked(gzip(random), size) == random);
    }
    CHECK(gzip(even).size() < 1000);
}
