// An operation of the API: one method of one address. Stated once, as a
// constant, by the package that reads its request and writes its answers; the
// router, the check of queries, /openapi.json and /docs come from it.
//
//   constexpr Operation kListTokens = {
//       .id = "listTokens", .method = "GET", .path = "/tokens", ...};

#ifndef TALLYMAN_API_DESCRIPTION_OPERATION_H_
#define TALLYMAN_API_DESCRIPTION_OPERATION_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "auth/token.h"

namespace tallyman::api {

// The two contracts of this API. They differ in the format of errors, in the
// ways to send a token, and in CORS.
enum class ApiFamily : uint8_t {
  kHost,    // /server/...: the processes of this machine.
  kStacks,  // Everything else, also below /api/3.
};

// A group of operations in the description.
struct Tag {
  std::string_view name;
  std::string_view description;
};

// A header of an answer.
struct Header {
  std::string_view name;
  Schema schema;
  bool is_required = true;
};

using Headers = absl::Span<const Header* const>;

// A body of a request or an answer.
struct Content {
  std::string_view media_type = "application/json";
  const Schema* schema = nullptr;
  // The body below /api/3, where it differs.
  const Schema* api3_schema = nullptr;
};

// An answer; of the errors, only those in a format of their own.
struct Answer {
  int status = 200;
  std::string_view description;
  absl::Span<const Content> contents = {};  // Empty: no body.
  // Besides those that all answers have.
  Headers headers = {};
};

struct Operation {
  std::string_view id;      // Unique: "listStacks".
  std::string_view method;  // GET includes HEAD.
  // A segment {name} matches any text except "".
  std::string_view path;
  ApiFamily family = ApiFamily::kStacks;
  // Not below /api/3, and not with ".json" at its end, as all others of the
  // stacks family are.
  bool is_at_root_only = false;
  const Tag* tag = nullptr;
  std::string_view summary;           // One line without a full stop.
  std::string_view description = {};  // CommonMark.
  // The scope that a token must have; nullopt: needs no token.
  std::optional<auth::Scope> scope = std::nullopt;
  Parameters path_parameters = {};  // One for each {name}, in order.
  Parameters query = {};
  Parameters headers = {};
  absl::Span<const Content> bodies = {};  // By media type; empty: none.
  bool is_body_required = true;
  absl::Span<const Answer> answers = {};
  // Besides those that ErrorsOf() adds.
  absl::Span<const ErrorKind> errors = {};
};

inline constexpr Header kLocationHeader = {
    .name = "Location",
    .schema = String("The address of the new resource, below the same mount.",
                     "/stacks/5999b763474b0eafa5fafb64bff0ba80")};
inline constexpr Header kEtagHeader = {
    .name = "ETag",
    .schema = String("The strong entity tag of the resource.",
                     "\"5999b763474b0eafa5fafb64bff0ba80\"")};

// Of an operation that answers with a stream of events if asked to.
inline constexpr Header kStreamBufferingHeader = {
    .name = "X-Accel-Buffering",
    .schema = String("Of a stream: nginx does not buffer it.", "no"),
    .is_required = false};

inline constexpr Parameter kIfNoneMatchParameter = {
    .name = "If-None-Match",
    .schema = String("Entity tags: 304 if one is the current one.",
                     "\"5999b763474b0eafa5fafb64bff0ba80\"")};

// True if the operation is also below /api/3.
constexpr bool IsBelowApi3(const Operation& operation) {
  return operation.family == ApiFamily::kStacks && !operation.is_at_root_only;
}

// Takes the token of a request of the host family, which has a scope.
inline constexpr Parameter kTokenParameter = {
    .name = "token",
    .schema = String("The token, for clients that cannot send the header "
                     "`Authorization`.",
                     "tly_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2E"),
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_OPERATION_H_
