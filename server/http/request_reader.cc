#include "server/http/request_reader.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/chunked_decoder.h"
#include "server/http/http_head.h"
#include "server/http/http_parser.h"
#include "server/http/library_check.h"

namespace tallyman::server {
namespace {

// Whether the body has a coding that hides its bytes (RFC 9110, section 8.4).
bool IsCompressed(const api::Request& request) {
  const std::string_view coding = request.Header("Content-Encoding");
  return !coding.empty() && !absl::EqualsIgnoreCase(coding, "identity");
}

api::Error LineEndError() {
  return {
      .kind = api::ErrorKind::kBadRequest,
      .details = "the head has a NUL, or a line that does not end with CR LF"};
}

}  // namespace

RequestReader::Result RequestReader::Read(std::string_view& bytes) {
  if (body_ != nullptr) return ReadBody(bytes);
  if (!has_begun_) {
    // Empty lines before a request (RFC 9112, section 2.2).
    while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    if (bytes == "\r") return Result::kIncomplete;
  }
  if (bytes.empty()) return Result::kIncomplete;
  if (!has_begun_) {
    if (const auto size = ParsePlainRequest(bytes, request_)) {
      head_ = {};
      head_bytes_ = bytes.substr(0, *size);
      bytes.remove_prefix(*size);
      has_begun_ = true;
      return Result::kComplete;
    }
    // The parser leaves views of `bytes`, which the caller may reuse.
    ClearRequest();
  }
  return ReadHead(bytes);
}

RequestReader::Result RequestReader::ReadHead(std::string_view& bytes) {
  has_begun_ = true;
  switch (scanner_.Scan(bytes)) {
    case HeadScanner::State::kIncomplete:
      return Result::kIncomplete;
    case HeadScanner::State::kMalformed:
      return Refuse(LineEndError());
    case HeadScanner::State::kTooLarge:
      return Refuse({.kind = api::ErrorKind::kHeadersTooLarge,
                     .details = absl::StrCat("the head has more than ",
                                             kMaxHeadBytes, " bytes")});
    case HeadScanner::State::kComplete:
      break;
  }
  head_bytes_ = bytes.substr(0, scanner_.size());
  bytes.remove_prefix(scanner_.size());
  if (auto error = ParseHead(head_bytes_, head_, request_)) {
    return Refuse(*std::move(error));
  }
  if (!LibraryAgrees(head_bytes_)) {
    return Refuse({.kind = api::ErrorKind::kBadRequest,
                   .details = "the request line or a header is malformed"});
  }
  if (!head_.HasBody()) return Result::kComplete;
  if (IsCompressed(request_)) {
    return Refuse({.kind = api::ErrorKind::kUnsupportedMediaType,
                   .details = "the Content-Encoding of the body is not "
                              "understood; send it without one"});
  }
  if (head_.content_length > max_body_bytes_) return RefuseTooLarge();
  body_ = std::make_unique<Body>(max_body_bytes_, budget_);
  body_->left = head_.content_length;
  return Result::kHead;
}

RequestReader::Result RequestReader::ReadBody(std::string_view& bytes) {
  // Decoding never makes bytes more.
  const size_t most =
      head_.is_chunked ? bytes.size() : std::min(body_->left, bytes.size());
  if (!body_->share.Take(most)) {
    return Refuse({.kind = api::ErrorKind::kUnavailable,
                   .details = "the server reads too many bodies just now"});
  }
  if (head_.is_chunked) {
    switch (body_->chunks.Decode(bytes, body_->text)) {
      case ChunkedDecoder::State::kIncomplete:
        return Result::kIncomplete;
      case ChunkedDecoder::State::kMalformed:
        return Refuse({.kind = api::ErrorKind::kBadRequest,
                       .details = "the chunks of the body are malformed"});
      case ChunkedDecoder::State::kTooLarge:
        return RefuseTooLarge();
      case ChunkedDecoder::State::kComplete:
        break;
    }
  } else {
    body_->text.append(bytes.substr(0, most));
    bytes.remove_prefix(most);
    body_->left -= most;
    if (body_->left > 0) return Result::kIncomplete;
  }
  request_.body = body_->text;
  return Result::kComplete;
}

RequestReader::Result RequestReader::Refuse(api::Error error) {
  error_ = std::move(error);
  return Result::kRefused;
}

RequestReader::Result RequestReader::RefuseTooLarge() {
  return Refuse(
      {.kind = api::ErrorKind::kPayloadTooLarge,
       .details = absl::StrCat("the body has more than ", max_body_bytes_,
                               " bytes (--max_body_bytes)")});
}

void RequestReader::Own() {
  if (own_ != nullptr || head_bytes_.empty()) return;
  own_ = std::make_unique<std::string>(head_bytes_);
  const std::string_view old = std::exchange(head_bytes_, *own_);
  const auto move = [&](std::string_view& view) {
    // Some views are constants, such as the path of an absolute form without
    // one.
    if (view.data() < old.data() || view.data() > old.data() + old.size()) {
      return;
    }
    view = std::string_view(own_->data() + (view.data() - old.data()),
                            view.size());
  };
  move(request_.method);
  move(request_.path);
  for (auto& [name, value] : request_.headers) {
    move(name);
    move(value);
  }
}

void RequestReader::Reset() {
  has_begun_ = false;
  scanner_.Reset();
  head_ = {};
  head_bytes_ = {};
  own_.reset();
  body_.reset();
  error_.reset();
  ClearRequest();
}

void RequestReader::ClearRequest() {
  request_.method = {};
  request_.path = {};
  request_.params = {};
  request_.headers.clear();
  request_.body = {};
}

}  // namespace tallyman::server
