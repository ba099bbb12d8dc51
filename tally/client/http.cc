#include "tally/client/http.h"

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "httplib.h"
#include "tally/client/endpoint.h"

namespace tallyman::tally {
namespace {

std::string_view ReasonOf(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "no server answers there";
    case httplib::Error::ConnectionTimeout:
      return "the connection takes too long";
    case httplib::Error::Read:
      return "the connection ended before the answer";
    case httplib::Error::Timeout:
      return "the answer takes too long";
    case httplib::Error::SSLConnection:
      return "no TLS there";
    case httplib::Error::SSLLoadingCerts:
      return "the file of --ca cannot be read";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not trusted; name its authority with --ca";
    case httplib::Error::SSLServerHostnameVerification:
      return "its certificate is for another name";
    default:
      return "";
  }
}

}  // namespace

std::string_view HttpAnswer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

class Http::Client {
 public:
  Client(const Endpoint& endpoint, const Options& options)
      : url_(endpoint.url), client_(BaseOf(endpoint.url)) {
    if (url_.kind == ServerUrl::Kind::kUnix) {
      client_.set_address_family(AF_UNIX);
    }
    client_.set_connection_timeout(
        absl::ToChronoMilliseconds(options.connect_timeout));
    client_.set_read_timeout(absl::ToChronoMilliseconds(options.read_timeout));
    client_.set_write_timeout(absl::ToChronoMilliseconds(options.read_timeout));
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_follow_location(false);
    client_.set_decompress(false);
    client_.set_path_encode(false);
    if (url_.kind == ServerUrl::Kind::kHttps) {
      if (!endpoint.ca_file.empty()) {
        client_.set_ca_cert_path(endpoint.ca_file);
      }
      client_.enable_server_certificate_verification(true);
    }
  }

  absl::StatusOr<HttpAnswer> Exchange(
      const HttpRequest& request, const auth::Secret& token,
      const std::function<bool(std::string_view)>* on_piece) {
    if (is_stopped_) return absl::CancelledError("interrupted");
    HttpAnswer answer;
    bool ended_by_reader = false;
    httplib::Request sent = Prepare(request, token);
    // Stop() does not see a connection that is being made: hence the checks.
    sent.response_handler = [this, &answer](const httplib::Response& head) {
      answer.status = head.status;
      for (const auto& [name, value] : head.headers) {
        answer.headers.emplace_back(absl::AsciiStrToLower(name), value);
      }
      return !is_stopped_;
    };
    sent.content_receiver = [&](const char* data, size_t size,
                                size_t /*offset*/, size_t /*total*/) {
      const std::string_view piece(data, size);
      if (on_piece == nullptr || answer.status != 200) {
        answer.body.append(piece);
        return !is_stopped_;
      }
      ended_by_reader = !(*on_piece)(piece);
      return !ended_by_reader && !is_stopped_;
    };
    const httplib::Result result = client_.send(sent);
    if (is_stopped_) return absl::CancelledError("interrupted");
    if (ended_by_reader) return answer;
    if (!result) {
      const std::string_view reason = ReasonOf(result.error());
      absl::Status status = absl::UnavailableError(
          absl::StrCat(url_.ToString(), ": ",
                       reason.empty() ? httplib::to_string(result.error())
                                      : std::string(reason)));
      if (answer.status != 0) status.SetPayload(kAnswerBegan, absl::Cord());
      return status;
    }
    // An answer without a body calls neither handler.
    answer.status = result->status;
    return answer;
  }

  void Stop() {
    is_stopped_ = true;
    client_.stop();
  }

 private:
  static std::string BaseOf(const ServerUrl& url) {
    return url.kind == ServerUrl::Kind::kUnix ? url.host : url.ToString();
  }

  httplib::Request Prepare(const HttpRequest& request,
                           const auth::Secret& token) const {
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    for (const auto& [name, value] : request.headers) {
      sent.headers.emplace(name, value);
    }
    sent.headers.emplace("User-Agent", "tally");
    if (url_.kind == ServerUrl::Kind::kUnix) {
      sent.headers.emplace("Host", "localhost");
    }
    if (!token.empty()) {
      sent.headers.emplace("Authorization",
                           absl::StrCat("Bearer ", token.Reveal()));
    }
    if (!request.content_type.empty()) {
      sent.headers.emplace("Content-Type", request.content_type);
      sent.body = request.body;
    }
    return sent;
  }

  const ServerUrl url_;
  httplib::Client client_;
  std::atomic<bool> is_stopped_ = false;
};

Http::Http(const Endpoint& endpoint, const Options& options)
    : client_(std::make_unique<Client>(endpoint, options)) {}

Http::~Http() = default;

absl::StatusOr<HttpAnswer> Http::Send(const HttpRequest& request,
                                      const auth::Secret& token) {
  return client_->Exchange(request, token, nullptr);
}

absl::StatusOr<HttpAnswer> Http::Stream(
    const HttpRequest& request, const auth::Secret& token,
    const std::function<bool(std::string_view piece)>& on_piece) {
  return client_->Exchange(request, token, &on_piece);
}

void Http::Stop() { client_->Stop(); }

}  // namespace tallyman::tally
