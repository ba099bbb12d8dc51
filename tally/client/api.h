// The API of a server: JSON, errors, pages and streams of events over Http.
//
//   Api api(endpoint, {});
//   absl::StatusOr<std::vector<Json>> stacks = api.List("/api/3/stacks", {});
//
// Errors of all requests. The message is one line that names what was wrong;
// the payload kApiErrorPayload has the server's own JSON, if it sent any.
//
//   InvalidArgument     400, 405, 413 to 415, 431
//   Unauthenticated     401
//   PermissionDenied    403
//   NotFound            404
//   FailedPrecondition  409
//   Aborted             412: the resource changed after its ETag was read
//   ResourceExhausted   429
//   Unavailable         no connection, or 5xx
//   Internal            the answer is not that of this API
//   Cancelled           Stop() was called

#ifndef TALLYMAN_TALLY_CLIENT_API_H_
#define TALLYMAN_TALLY_CLIENT_API_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"
#include "tally/client/endpoint.h"
#include "tally/client/event_parser.h"
#include "tally/client/http.h"
#include "tally/client/token_cache.h"

namespace tallyman::tally {

using Json = nlohmann::ordered_json;
// Not yet percent-encoded.
using Query = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kApiErrorPayload = "tallyman/api-error";
// The payload of an error whose answer says when to try again: seconds.
inline constexpr std::string_view kRetryAfterPayload = "tallyman/retry-after";

struct ApiRequest {
  std::string method = "GET";
  std::string path;  // "/api/3/stacks"; encode parts of it with PathPart().
  Query query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<Json> body = std::nullopt;
};

struct ApiAnswer {
  int status = 0;
  Json body;  // Null for an empty one.
  std::string etag;
};

// `text` percent-encoded as one part of a path.
std::string PathPart(std::string_view text);

// Keeps one connection. Requests block. Not thread-safe, except for Stop():
// for a second stream at the same time, make a second Api.
class Api {
 public:
  Api(Endpoint endpoint, const Http::Options& options)
      : endpoint_(std::move(endpoint)), http_(endpoint_, options) {}

  const Endpoint& endpoint() const { return endpoint_; }

  // An error unless the status is 2xx.
  absl::StatusOr<ApiAnswer> Send(const ApiRequest& request);
  // The body of the answer to a GET.
  absl::StatusOr<Json> Get(std::string_view path, const Query& query = {});
  // A GET whose answer is text.
  absl::StatusOr<std::string> GetText(std::string_view path,
                                      const Query& query = {});
  // The "response" of the answer to a GET of a single resource, an object.
  absl::StatusOr<Json> GetOne(std::string_view path, const Query& query = {});
  // Any answer with 2xx, as it is; `accept` is its header of that name.
  absl::StatusOr<HttpAnswer> SendRaw(const ApiRequest& request,
                                     std::string_view accept);
  // The items of all pages of a collection. `limit`: at most so many; 0: all.
  absl::StatusOr<std::vector<Json>> List(std::string_view path,
                                         const Query& query = {},
                                         size_t limit = 0);
  // The same of a collection whose list is the member `key`.
  absl::StatusOr<std::vector<Json>> ListOf(std::string_view key,
                                           std::string_view path,
                                           const Query& query = {},
                                           size_t limit = 0);

  // Reads server-sent events until `on_event` returns false (OK), or the stream
  // ends (Unavailable: connect again with `last_event_id`, which is "" at
  // first). Reads JSON lines of errors as Send() does. Calls `on_open` with the
  // first bytes of the stream, which may have no event for long.
  absl::Status Stream(
      const ApiRequest& request, std::string_view last_event_id,
      const std::function<bool(const StreamEvent& event)>& on_event,
      const std::function<void()>& on_open = nullptr);
  // The same, and leaves in `last_event_id` the id to go on with, also that of
  // events that have nothing but an id.
  absl::Status StreamFrom(
      const ApiRequest& request, std::string& last_event_id,
      const std::function<bool(const StreamEvent& event)>& on_event,
      const std::function<void()>& on_open = nullptr);

  // Ends the request under way and all later ones. Thread-safe.
  void Stop() { http_.Stop(); }

 private:
  absl::StatusOr<HttpAnswer> Exchange(
      const HttpRequest& request,
      const std::function<bool(std::string_view)>* on_piece);
  // Sets the token to one of the endpoint's client credentials, other than the
  // present one, which the server has refused, or which is empty.
  absl::Status RenewToken();
  absl::StatusOr<FetchedToken> FetchToken();

  Endpoint endpoint_;
  Http http_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_API_H_
