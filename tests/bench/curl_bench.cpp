// SPDX-License-Identifier: Apache-2.0
// One conditional request through libcurl and nothing else: what each program that links it pays on
// this machine before it has done anything of its own. Arguments: URL CA_FILE ETAG.
#include <curl/curl.h>

#include <string>

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string condition = "If-None-Match: " + std::string(argv[3]);
    ::curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL* handle = ::curl_easy_init();
    ::curl_easy_setopt(handle, CURLOPT_URL, argv[1]);
    ::curl_easy_setopt(handle, CURLOPT_CAINFO, argv[2]);
    ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, ::curl_slist_append(nullptr, condition.c_str()));
    long status = 0;
    if (::curl_easy_perform(handle) != CURLE_OK) return 1;
    ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status == 304 ? 0 : 1;
}
