#include "server/http/stream_sender.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "api/http/body_stream.h"
#include "server/http/outgoing.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

// About as much of a stream is in flight for one client.
constexpr size_t kPiece = size_t{32} << 10;

// Room for the size of a chunk: 8 digits and CRLF.
constexpr size_t kSizeLine = 10;

constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

void StreamSender::Set(std::unique_ptr<api::BodyStream> stream,
                       bool is_chunked) {
  stream_ = std::move(stream);
  is_chunked_ = is_chunked;
  is_ended_ = false;
}

StreamSender::Result StreamSender::SendPiece(Transport& transport,
                                             std::string& buffer,
                                             Outgoing& outgoing,
                                             Transport::State& blocked_by) {
  if (is_ended_) return Result::kEnd;
  buffer.assign(kSizeLine, '0');
  is_ended_ = stream_->Read(kPiece, buffer) == api::BodyStream::State::kEnd;
  std::string_view piece = buffer;
  piece.remove_prefix(kSizeLine);
  if (piece.empty() && !is_ended_) return Result::kWaits;
  if (is_chunked_) {
    size_t begin = kSizeLine;
    if (!piece.empty()) {
      const std::string size = absl::StrFormat("%x\r\n", piece.size());
      begin -= size.size();
      buffer.replace(begin, size.size(), size);
      buffer.append("\r\n");
    }
    if (is_ended_) buffer.append(kLastChunk);
    piece = buffer;
    piece.remove_prefix(begin);
  }
  if (piece.empty()) return Result::kEnd;
  const Transport::State state = outgoing.Write(transport, piece, {}, {});
  switch (state) {
    case Transport::State::kOk:
      return is_ended_ ? Result::kEnd : Result::kSent;
    case Transport::State::kWantRead:
    case Transport::State::kWantWrite:
      blocked_by = state;
      return Result::kBlocked;
    default:
      return Result::kError;
  }
}

void StreamSender::Finish(Transport& transport, Outgoing& outgoing) {
  if (!is_ended_ && is_chunked_ && !outgoing.HasRest()) {
    (void)outgoing.Write(transport, kLastChunk, {}, {});
  }
  is_ended_ = true;
}

}  // namespace tallyman::server
