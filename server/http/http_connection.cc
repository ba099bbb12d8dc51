#include "server/http/http_connection.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/unique_fd.h"
#include "server/http/connection_socket.h"
#include "server/http/http_parser.h"
#include "server/http/http_response_head.h"
#include "server/http/idle_connections.h"

namespace tallyman::server {
namespace {

// Up to this size, copying a body behind its head is cheaper than a second
// iovec.
constexpr size_t kMaxCopiedBody = 16384;

class Connection {
 public:
  Connection(base::UniqueFd fd, const ConnectionParts& parts)
      : parts_(parts),
        idle_seconds_(absl::ToInt64Seconds(parts.timeouts.idle)),
        socket_(std::move(fd), parts.timeouts),
        remote_address_(socket_.RemoteAddress()) {
    request_.remote_address = remote_address_;
  }

  void Serve() {
    AfterRequest after = AfterRequest::kKeep;
    {
      IdleConnections::Member member(parts_.idle, socket_.fd());
      while (after == AfterRequest::kKeep && AwaitRequest(member)) {
        after = AnswerOne();
      }
    }
    if (after == AfterRequest::kDrainAndClose) socket_.Drain();
  }

 private:
  // False if no request comes in time, the peer ends or the server stops.
  bool AwaitRequest(IdleConnections::Member& member) {
    if (!socket_.Unread().empty()) return true;
    const bool may_wait = member.BeginWait();
    const bool has_come = socket_.ReceiveRequest(may_wait);
    member.EndWait();
    return has_come;
  }

  AfterRequest AnswerOne() {
    const std::optional<size_t> size =
        ParsePlainRequest(socket_.Unread(), request_);
    if (!size) return parts_.slow_path(socket_, remote_address_);
    socket_.Consume(*size);
    return Send(Respond());
  }

  api::Response Respond() const {
    try {
      return parts_.handler(request_);
    } catch (...) {
      // For example std::bad_alloc: other connections go on.
      return parts_.rejecter(request_, {.kind = api::ErrorKind::kInternal,
                                        .log_reason = "an exception"});
    }
  }

  AfterRequest Send(const api::Response& response) {
    const bool is_error = response.status >= 400;
    const bool closes = is_error || parts_.idle.is_stopping();
    out_.clear();
    AppendResponseHead(response,
                       {.closes = closes, .idle_seconds = idle_seconds_},
                       HttpDateNow(), out_);
    std::string_view body;
    if (request_.method != "HEAD" && !HasNoBody(response.status)) {
      body = response.BodyView();
    }
    if (body.size() <= kMaxCopiedBody) {
      out_.append(body);
      body = {};
    }
    if (!socket_.Send(out_, body)) return AfterRequest::kClose;
    if (is_error || (closes && !socket_.Unread().empty())) {
      return AfterRequest::kDrainAndClose;
    }
    return closes ? AfterRequest::kClose : AfterRequest::kKeep;
  }

  const ConnectionParts& parts_;
  const int64_t idle_seconds_;
  ConnectionSocket socket_;
  const std::string remote_address_;
  // Members, so that requests reuse their memory.
  api::Request request_;
  std::string out_;
};

}  // namespace

void ServeConnection(base::UniqueFd fd, const ConnectionParts& parts) {
  try {
    Connection(std::move(fd), parts).Serve();
  } catch (...) {
    // For example std::bad_alloc: ends this connection only.
  }
}

}  // namespace tallyman::server
