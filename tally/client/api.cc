#include "tally/client/api.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/client/endpoint.h"
#include "tally/client/event_parser.h"
#include "tally/client/http.h"
#include "tally/client/token_cache.h"

namespace tallyman::tally {
namespace {

void AppendEncoded(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    // RFC 3986, section 2.3.
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
        c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
}

std::string TargetOf(std::string_view path, const Query& query) {
  std::string target(path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    target.push_back(separator);
    AppendEncoded(name, target);
    target.push_back('=');
    AppendEncoded(value, target);
    separator = '&';
  }
  return target;
}

HttpRequest PlainRequest(const ApiRequest& request) {
  HttpRequest sent{.method = request.method,
                   .target = TargetOf(request.path, request.query),
                   .headers = request.headers};
  if (request.body) {
    // An argument of the command line need not be UTF-8.
    sent.body =
        request.body->dump(-1, ' ', false, Json::error_handler_t::replace);
    sent.content_type = "application/json";
  }
  return sent;
}

absl::StatusCode CodeOf(int status) {
  switch (status) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return absl::StatusCode::kFailedPrecondition;
    case 412:
      return absl::StatusCode::kAborted;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return status >= 400 && status < 500 ? absl::StatusCode::kInvalidArgument
                                           : absl::StatusCode::kUnavailable;
  }
}

// The text for people in the JSON of an error, of either family; "" for none.
std::string DetailsOf(const Json& body) {
  if (!body.is_object()) return "";
  for (const char* const key :
       {"details", "error_description", "status_desc", "error"}) {
    const auto found = body.find(key);
    if (found != body.end() && found->is_string() &&
        !found->get_ref<const std::string&>().empty()) {
      return found->get<std::string>();
    }
  }
  return "";
}

absl::Status ErrorOf(const HttpAnswer& answer, const Endpoint& endpoint) {
  const Json body = Json::parse(answer.body, nullptr, false);
  std::string text = DetailsOf(body);
  if (text.empty()) text = absl::StrCat("HTTP status ", answer.status);
  if (answer.status == 401) {
    absl::StrAppend(
        &text, endpoint.token.empty() && !endpoint.client
                   ? "; `tally login` stores a token"
                   : absl::StrCat("; the token is that of ", endpoint.source));
  }
  if (const std::string_view wait = answer.Header("retry-after");
      !wait.empty()) {
    absl::StrAppend(&text, "; try again in ", wait, " s");
  }
  absl::Status status(CodeOf(answer.status), text);
  if (const std::string_view wait = answer.Header("retry-after");
      !wait.empty()) {
    status.SetPayload(kRetryAfterPayload, absl::Cord(wait));
  }
  if (body.is_object()) {
    status.SetPayload(kApiErrorPayload, absl::Cord(body.dump()));
  }
  return status;
}

absl::Status NotOurs(const Endpoint& endpoint, std::string_view what) {
  return absl::InternalError(absl::StrCat(
      endpoint.url.ToString(), " answers, but not as Tallyman: ", what));
}

}  // namespace

std::string PathPart(std::string_view text) {
  std::string part;
  AppendEncoded(text, part);
  return part;
}

absl::Status Api::RenewToken() {
  absl::StatusOr<auth::Secret> token =
      TokenCache(endpoint_.token_cache_file)
          .FindOrFetch(endpoint_, endpoint_.token, absl::Now(),
                       [this] { return FetchToken(); });
  if (!token.ok()) return token.status();
  endpoint_.token = *std::move(token);
  return absl::OkStatus();
}

absl::StatusOr<FetchedToken> Api::FetchToken() {
  const absl::Time begin = absl::Now();
  std::string body = "grant_type=client_credentials&client_id=";
  AppendEncoded(endpoint_.client->id, body);
  body += "&client_secret=";
  AppendEncoded(endpoint_.client->secret.Reveal(), body);
  const absl::StatusOr<HttpAnswer> answer =
      http_.Send({.method = "POST",
                  .target = "/oauth/token",
                  .body = std::move(body),
                  .content_type = "application/x-www-form-urlencoded"},
                 auth::Secret());
  if (!answer.ok()) return answer.status();
  if (answer->status != 200) return ErrorOf(*answer, endpoint_);
  const Json token = Json::parse(answer->body, nullptr, false);
  if (!token.is_object() || !token.contains("access_token") ||
      !token["access_token"].is_string()) {
    return NotOurs(endpoint_, "no access_token");
  }
  const auto expires_in = token.find("expires_in");
  return FetchedToken{
      .token =
          auth::Secret(token["access_token"].get_ref<const std::string&>()),
      // RFC 6749, section 5.1: without it the token may end at any time.
      .expires_at = expires_in != token.end() && expires_in->is_number_integer()
                        ? begin + absl::Seconds(expires_in->get<int64_t>())
                        : begin};
}

absl::StatusOr<HttpAnswer> Api::Exchange(
    const HttpRequest& request,
    const std::function<bool(std::string_view)>* on_piece) {
  if (endpoint_.token.empty() && endpoint_.client) {
    if (absl::Status renewed = RenewToken(); !renewed.ok()) return renewed;
  }
  const auto send = [&] {
    return on_piece == nullptr
               ? http_.Send(request, endpoint_.token)
               : http_.Stream(request, endpoint_.token, *on_piece);
  };
  absl::StatusOr<HttpAnswer> answer = send();
  if (!answer.ok() || answer->status != 401 || !endpoint_.client) {
    return answer;
  }
  // The token has expired, or was revoked.
  if (absl::Status renewed = RenewToken(); !renewed.ok()) return renewed;
  return send();
}

absl::StatusOr<ApiAnswer> Api::Send(const ApiRequest& request) {
  const absl::StatusOr<HttpAnswer> answer =
      Exchange(PlainRequest(request), nullptr);
  if (!answer.ok()) return answer.status();
  if (answer->status < 200 || answer->status > 299) {
    return ErrorOf(*answer, endpoint_);
  }
  ApiAnswer parsed{.status = answer->status,
                   .body = nullptr,
                   .etag = std::string(answer->Header("etag"))};
  if (answer->body.empty()) return parsed;
  parsed.body = Json::parse(answer->body, nullptr, false);
  if (parsed.body.is_discarded()) {
    return NotOurs(endpoint_, absl::StrCat("no JSON at ", request.path));
  }
  return parsed;
}

absl::StatusOr<HttpAnswer> Api::SendRaw(const ApiRequest& request,
                                        std::string_view accept) {
  HttpRequest sent = PlainRequest(request);
  sent.headers.emplace_back("Accept", accept);
  absl::StatusOr<HttpAnswer> answer = Exchange(sent, nullptr);
  if (!answer.ok()) return answer.status();
  if (answer->status < 200 || answer->status > 299) {
    return ErrorOf(*answer, endpoint_);
  }
  return answer;
}

absl::StatusOr<Json> Api::Get(std::string_view path, const Query& query) {
  absl::StatusOr<ApiAnswer> answer =
      Send({.path = std::string(path), .query = query});
  if (!answer.ok()) return answer.status();
  return std::move(answer->body);
}

absl::StatusOr<Json> Api::GetOne(std::string_view path, const Query& query) {
  absl::StatusOr<Json> body = Get(path, query);
  if (!body.ok()) return body.status();
  const auto one = body->find("response");
  if (!body->is_object() || one == body->end() || !one->is_object()) {
    return NotOurs(endpoint_, absl::StrCat("no single resource at ", path));
  }
  return std::move(*one);
}

absl::StatusOr<std::string> Api::GetText(std::string_view path,
                                         const Query& query) {
  absl::StatusOr<HttpAnswer> answer = Exchange(
      {.target = TargetOf(path, query), .headers = {{"Accept", "text/plain"}}},
      nullptr);
  if (!answer.ok()) return answer.status();
  if (answer->status != 200) return ErrorOf(*answer, endpoint_);
  return std::move(answer->body);
}

absl::StatusOr<std::vector<Json>> Api::List(std::string_view path,
                                            const Query& query, size_t limit) {
  return ListOf("response", path, query, limit);
}

absl::StatusOr<std::vector<Json>> Api::ListOf(std::string_view key,
                                              std::string_view path,
                                              const Query& query,
                                              size_t limit) {
  std::vector<Json> items;
  for (int page = 1;; ++page) {
    Query paged = query;
    paged.emplace_back("per_page", "100");
    paged.emplace_back("page", absl::StrCat(page));
    absl::StatusOr<Json> body = Get(path, paged);
    if (!body.ok()) return body.status();
    const auto list = body->find(key);
    if (!body->is_object() || list == body->end() || !list->is_array()) {
      return NotOurs(endpoint_, absl::StrCat("no list at ", path));
    }
    for (Json& item : *list) {
      items.push_back(std::move(item));
      if (limit != 0 && items.size() == limit) return items;
    }
    const auto pagination = body->find("pagination");
    if (pagination == body->end() || !pagination->is_object() ||
        !pagination->contains("next") || (*pagination)["next"].is_null()) {
      return items;
    }
  }
}

absl::Status Api::Stream(
    const ApiRequest& request, std::string_view last_event_id,
    const std::function<bool(const StreamEvent& event)>& on_event,
    const std::function<void()>& on_open) {
  std::string id(last_event_id);
  return StreamFrom(request, id, on_event, on_open);
}

absl::Status Api::StreamFrom(
    const ApiRequest& request, std::string& last_event_id,
    const std::function<bool(const StreamEvent& event)>& on_event,
    const std::function<void()>& on_open) {
  HttpRequest sent{.method = request.method,
                   .target = TargetOf(request.path, request.query),
                   .headers = request.headers};
  sent.headers.emplace_back("Accept", "text/event-stream");
  if (!last_event_id.empty()) {
    sent.headers.emplace_back("Last-Event-ID", last_event_id);
  }
  EventParser parser;
  bool has_ended = false;
  bool is_open = false;
  const std::function<bool(std::string_view)> on_piece =
      [&](std::string_view piece) {
        if (!std::exchange(is_open, true) && on_open) on_open();
        has_ended = !parser.Read(piece, on_event);
        if (!parser.last_id().empty()) last_event_id = parser.last_id();
        return !has_ended;
      };
  const absl::StatusOr<HttpAnswer> answer = Exchange(sent, &on_piece);
  if (!answer.ok()) return answer.status();
  if (answer->status != 200) return ErrorOf(*answer, endpoint_);
  if (has_ended) return absl::OkStatus();
  absl::Status ended = absl::UnavailableError(
      absl::StrCat(endpoint_.url.ToString(), ": the stream has ended"));
  ended.SetPayload(kAnswerBegan, absl::Cord());
  return ended;
}

}  // namespace tallyman::tally
