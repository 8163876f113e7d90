#include "http_exchange.h"

#include <curl/curl.h>

#include <algorithm>
#include <string_view>

namespace together {
namespace {

constexpr std::size_t largest_page = std::size_t{8} * 1024 * 1024;
constexpr std::size_t longest_header = 1024;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void add(HeaderList& list, const std::string& header) {
    if (auto* longer = curl_slist_append(list.get(), header.c_str())) {
        static_cast<void>(list.release());
        list.reset(longer);
    }
}

HeaderList headers_of(const HttpRequest& request) {
    HeaderList list;
    add(list, "Accept: application/json");
    if (!request.token.empty()) add(list, "Authorization: Bearer " + request.token);
    if (!request.etag.empty()) add(list, "If-None-Match: " + request.etag);
    if (request.wait.count() > 0) add(list, "Prefer: wait=" + std::to_string(request.wait.count()));
    return list;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
    });
}

// One exchange's state, filled by libcurl's callbacks.
struct Exchange {
    const HttpRequest& request;
    HttpAnswer answer;
    const char* refused = nullptr;  // why we ended it
    std::string content_length;
    bool chunked = false;
    bool begun = false;

    // Two lengths, or a length and chunks: peers disagree where such an answer ends. libcurl reads
    // "395, 5" as 395.
    const char* framing_problem(std::string_view name, std::string_view value) {
        if (same_name(name, "transfer-encoding")) chunked = true;
        if (same_name(name, "content-length")) {
            if (value.empty() || value.find_first_not_of("0123456789") != value.npos)
                return "the answer's Content-Length is no number";
            if (!content_length.empty() && content_length != value)
                return "the answer says in two ways how long it is";
            content_length = value;
        }
        return chunked && !content_length.empty() ? "the answer says in two ways how long it is"
                                                  : nullptr;
    }

    bool header(std::string_view line) {
        begun = true;
        if (line.starts_with("HTTP/")) {
            // The headers of a 1xx answer, or of a proxy's CONNECT, are not the answer's.
            answer = HttpAnswer();
            content_length.clear();
            chunked = false;
            return true;
        }
        const auto colon = line.find(':');
        if (colon == line.npos || line.size() > longest_header) return true;
        const auto name = line.substr(0, colon);
        const auto value = trimmed(line.substr(colon + 1));
        refused = framing_problem(name, value);
        if (refused != nullptr) return false;
        const std::pair<std::string_view, std::string*> kept[] = {
            {"content-type", &answer.content_type},
            {"etag", &answer.etag},
            {"x-request-id", &answer.request_id},
            {"retry-after", &answer.retry_after},
            {"together-as-of", &answer.as_of},
            {"preference-applied", &answer.preference_applied},
            {"cache-control", &answer.cache_control},
            {"date", &answer.date}};
        for (const auto& [known, field] : kept)
            if (same_name(name, known)) *field = value;
        return true;
    }

    bool body(std::string_view data) {
        if (answer.body.size() + data.size() > largest_page) {
            refused = "the answer is larger than 8 MiB";
            return false;
        }
        answer.body.append(data);
        return true;
    }
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* exchange) {
    return static_cast<Exchange*>(exchange)->header({data, size}) ? size : 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* exchange) {
    return static_cast<Exchange*>(exchange)->body({data, size}) ? size : 0;
}

int on_progress(void* exchange, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& state = *static_cast<Exchange*>(exchange);
    if (state.begun || std::chrono::steady_clock::now() < state.request.first_byte_deadline)
        return 0;
    state.refused = "no answer within the deadline";
    return 1;
}

bool is_connection_failure(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return true;
        default:
            return false;
    }
}

bool is_tls_failure(CURLcode code) {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
            return true;
        default:
            return false;
    }
}

long milliseconds_until(Deadline deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return std::max<long>(static_cast<long>(left.count()), 1);  // 0 would mean: no limit
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = nullptr;
    char error[CURL_ERROR_SIZE] = "";
    Handle() {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        curl = curl_easy_init();
    }
    ~Handle() { curl_easy_cleanup(curl); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    void set_up(const Config& config) {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        // An empty proxy, not none: none would be the environment's.
        curl_easy_setopt(curl, CURLOPT_PROXY, config.proxy.c_str());
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION,
                         static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "together-refresh");
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
#if CURL_AT_LEAST_VERSION(7, 85, 0)
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                         static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
        if (!config.ca_file.empty()) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, config.ca_file.c_str());
            curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
        }
    }
};

HttpClient::HttpClient(const Config& config)
    : config_(config), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::get(const HttpRequest& request) {
    CURL* curl = handle_->curl;
    if (curl == nullptr) {
        HttpAnswer answer;
        answer.error = "libcurl could not be started";
        return answer;
    }
    Exchange exchange{request, {}, nullptr, {}, false, false};
    const HeaderList headers = headers_of(request);
    curl_easy_reset(curl);
    handle_->set_up(config_);
    handle_->error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds_until(request.deadline));
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange.answer.status);
        return std::move(exchange.answer);
    }
    HttpAnswer answer;
    answer.request_id = exchange.answer.request_id;
    answer.connection_failed = is_connection_failure(code);
    answer.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    answer.tls_failed = is_tls_failure(code);
    answer.error = exchange.refused != nullptr        ? exchange.refused
                   : code == CURLE_OPERATION_TIMEDOUT ? "no answer within the deadline"
                   : handle_->error[0] != '\0'        ? handle_->error
                                                      : curl_easy_strerror(code);
    return answer;
}

}  // namespace together
