// The part of HttpConnection between bytes and requests: reads, admits,
// answers.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/cleanup/cleanup.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/rate_limit_headers.h"
#include "server/http/connection_host.h"
#include "server/http/http_connection.h"
#include "server/http/http_head.h"
#include "server/http/http_response_head.h"
#include "server/http/request_handler.h"
#include "server/http/request_reader.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

// Up to this size, copying a body behind its head is cheaper than a second
// iovec.
constexpr size_t kMaxCopiedBody = 16384;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void HttpConnection::EndOfInput() {
  has_input_ended_ = true;
  if (state_ == State::kIdle) {
    CloseInOrder();
    return;
  }
  RefuseRequest({.kind = api::ErrorKind::kBadRequest,
                 .details = "the request ended in the middle"},
                absl::ZeroDuration());
}

void HttpConnection::Process(std::string_view bytes) {
  is_processing_ = true;
  ReadRequests(bytes);
  is_processing_ = false;
}

void HttpConnection::ReadRequests(std::string_view bytes) {
  while (true) {
    switch (reader_.Read(bytes)) {
      case RequestReader::Result::kIncomplete:
        KeepRest(bytes);
        if (reader_.reads_body()) {
          if (state_ == State::kBody) return;
          const HttpHead& head = reader_.head();
          Enter(State::kBody,
                TimeFor(head.is_chunked ? host_.options().max_body_bytes
                                        : head.content_length));
        } else if (reader_.has_begun()) {
          if (state_ == State::kHead) return;
          Enter(State::kHead, host_.options().head_timeout);
        } else {
          EnterIdle();
        }
        return;
      case RequestReader::Result::kHead:
        reader_.Own();
        if (AdmitHead(bytes)) continue;
        KeepRest({});
        return;
      case RequestReader::Result::kComplete:
        break;
      case RequestReader::Result::kRefused: {
        const bool is_overload =
            reader_.error().kind == api::ErrorKind::kUnavailable;
        RefuseRequest(reader_.error(),
                      is_overload ? absl::Seconds(1) : absl::ZeroDuration());
        // Last: the request's views point into the bytes.
        KeepRest({});
        return;
      }
    }
    if (call_ == nullptr && !AdmitHead(bytes)) {
      if (state_ != State::kIdle) {
        KeepRest(bytes);
        return;
      }
      continue;
    }
    AnswerRequest();
    if (state_ != State::kIdle) {
      KeepRest(bytes);
      return;
    }
  }
}

void HttpConnection::KeepRest(std::string_view rest) {
  const bool is_last = state_ == State::kDraining || state_ == State::kClosed;
  if (rest.empty() || is_last) {
    // Frees the memory too.
    std::string().swap(input_);
  } else if (input_.empty()) {
    input_.assign(rest);
  } else {
    input_.erase(0, input_.size() - rest.size());
  }
}

bool HttpConnection::AdmitHead(std::string_view rest) {
  const HttpHead& head = reader_.head();
  closes_ = head.EndsConnection();
  RequestHandler::Admission admission;
  try {
    admission = host_.handler().Admit(reader_.request());
  } catch (...) {
    admission = AnswerException();
  }
  if (auto* const call =
          std::get_if<std::unique_ptr<RequestHandler::Call>>(&admission)) {
    call_ = std::move(*call);
    // A client that leaves no room for 25 bytes does not wait for them.
    if (head.expects_continue && head.HasBody() && rest.empty() &&
        outgoing_.Write(*transport_, kContinue, {}, {}) !=
            Transport::State::kOk) {
      Close();
      return false;
    }
    return true;
  }
  if (head.HasBody()) {
    // The body is never read.
    closes_ = true;
    drains_ = true;
  }
  AfterSend(Send(std::get<api::Response>(std::move(admission)),
                 host_.write_buffer()));
  return false;
}

void HttpConnection::AnswerRequest() {
  if (!call_->IsFast()) {
    RunOnWorker();
    return;
  }
  api::Response response = Respond(*call_);
  call_.reset();
  AfterSend(Send(std::move(response), host_.write_buffer()));
}

api::Response HttpConnection::Respond(RequestHandler::Call& call) {
  // The body is of no use after that.
  const absl::Cleanup drop_body = [this] { reader_.DropBody(); };
  try {
    return call.Respond(reader_.request());
  } catch (...) {
    return AnswerException();
  }
}

api::Response HttpConnection::AnswerException() {
  // For example std::bad_alloc: other connections go on.
  return Reject(
      {.kind = api::ErrorKind::kInternal, .log_reason = "an exception"});
}

api::Response HttpConnection::Reject(api::Error error) {
  // An admitted request was counted, and is not counted again.
  if (call_ == nullptr) {
    return host_.handler().Reject(reader_.request(), std::move(error));
  }
  return call_->Reject(reader_.request(), std::move(error));
}

void HttpConnection::RunOnWorker() {
  reader_.Own();
  host_.OnBusy(*this);
  state_ = State::kRunning;
  deadline_.reset();
  const bool is_accepted = host_.RunOnWorker(*this, [this] {
    thread_local std::string scratch;
    sent_ = Transport::State::kError;
    try {
      sent_ = Send(Respond(*call_), scratch);
    } catch (...) {
      // For example std::bad_alloc: the connection is closed.
    }
  });
  if (is_accepted) return;
  api::Response response =
      Reject({.kind = api::ErrorKind::kUnavailable,
              .details = "too many requests wait to be answered"});
  call_.reset();
  api::AddRetryAfter(absl::Seconds(1), response);
  AfterSend(Send(std::move(response), host_.write_buffer()));
}

void HttpConnection::OnWorkerDone() noexcept {
  try {
    call_.reset();
    AfterSend(sent_);
  } catch (...) {
    Close();
  }
  // The socket may have become writable since the job found it full.
  is_writable_ = true;
  OnContinue();
}

void HttpConnection::RefuseRequest(api::Error error,
                                   absl::Duration retry_after) {
  closes_ = true;
  drains_ = true;
  api::Response response = Reject(std::move(error));
  call_.reset();
  if (retry_after > absl::ZeroDuration()) {
    api::AddRetryAfter(retry_after, response);
  }
  AfterSend(Send(std::move(response), host_.write_buffer()));
}

void HttpConnection::Refuse(api::Error error) {
  state_ = State::kHead;
  Watch();
  RefuseRequest(std::move(error), absl::Seconds(1));
  Advance();
}

Transport::State HttpConnection::Send(api::Response response,
                                      std::string& scratch) {
  const HttpHead& head = reader_.head();
  const bool is_head = reader_.request().method == "HEAD";
  const bool has_stream = response.stream != nullptr;
  if ((has_stream && head.is_http_1_0) || host_.is_stopping()) closes_ = true;
  scratch.clear();
  AppendResponseHead(
      response,
      {.closes = closes_,
       .idle_seconds = absl::ToInt64Seconds(host_.options().idle_timeout),
       .is_http_1_0 = head.is_http_1_0},
      HttpDateNow(), scratch);
  if (has_stream && !is_head) {
    stream_.Set(std::move(response.stream), !head.is_http_1_0);
  }
  std::string_view body;
  if (!is_head && !has_stream && !HasNoBody(response.status)) {
    body = response.BodyView();
  }
  if (body.size() <= kMaxCopiedBody) {
    scratch.append(body);
    body = {};
  }
  return outgoing_.Write(*transport_, scratch, body, std::move(response));
}

void HttpConnection::AfterSend(Transport::State state) {
  writes_on_readable_ = state == Transport::State::kWantRead;
  switch (state) {
    case Transport::State::kOk:
      break;
    case Transport::State::kWantRead:
    case Transport::State::kWantWrite:
      AwaitWritable();
      host_.OnBusy(*this);
      Enter(State::kWriting, TimeFor(outgoing_.rest_bytes()));
      return;
    default:
      Close();
      return;
  }
  if (!stream_.active()) {
    AfterResponse();
    return;
  }
  host_.OnBusy(*this);
  deadline_.reset();
  state_ = State::kStreaming;
  stream_.Start(host_.StreamWaker(id_));
}

void HttpConnection::AfterResponse() {
  reader_.Reset();
  outgoing_.Reset();
  if (closes_ || host_.is_stopping()) {
    const bool has_unread = drains_ || is_readable_ || !input_.empty();
    if (has_unread && !has_input_ended_ && !is_broken_) {
      BeginDrain();
    } else {
      CloseInOrder();
    }
    return;
  }
  EnterIdle();
  // Otherwise ReadRequests() is on the stack and goes on.
  if (!is_processing_ && !input_.empty()) Process(input_);
}

}  // namespace tallyman::server
