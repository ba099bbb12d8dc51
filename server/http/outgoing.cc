#include "server/http/outgoing.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/http.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

// Writes until all is written or the transport takes no more; removes what it
// took.
Transport::State WriteAll(Transport& transport, std::string_view& text,
                          std::string_view& body) {
  while (!text.empty() || !body.empty()) {
    const Transport::Result result = transport.Write(text, body);
    if (result.state != Transport::State::kOk) return result.state;
    const size_t of_text = std::min(result.bytes, text.size());
    text.remove_prefix(of_text);
    body.remove_prefix(result.bytes - of_text);
  }
  return Transport::State::kOk;
}

}  // namespace

Transport::State Outgoing::Write(Transport& transport, std::string_view text,
                                 std::string_view body,
                                 api::Response&& response) {
  const Transport::State state = WriteAll(transport, text, body);
  if (state == Transport::State::kOk || state == Transport::State::kError) {
    return state;
  }
  text_ = text;
  text_begin_ = 0;
  if (body.empty()) return state;
  // Moving a short string moves its bytes.
  const size_t left = body.size();
  response_ = std::move(response);
  const std::string_view all = response_->BodyView();
  body_ = all.substr(all.size() - left);
  return state;
}

Transport::State Outgoing::Continue(Transport& transport) {
  std::string_view text = text_;
  text.remove_prefix(text_begin_);
  const Transport::State state = WriteAll(transport, text, body_);
  text_begin_ = text_.size() - text.size();
  if (state == Transport::State::kOk) Reset();
  return state;
}

void Outgoing::Reset() {
  // Frees the memory too.
  std::string().swap(text_);
  text_begin_ = 0;
  body_ = {};
  response_.reset();
}

}  // namespace tallyman::server
