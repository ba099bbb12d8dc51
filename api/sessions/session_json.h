// Sessions as JSON.

#ifndef TALLYMAN_API_SESSIONS_SESSION_JSON_H_
#define TALLYMAN_API_SESSIONS_SESSION_JSON_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/session.h"

namespace tallyman::api {

// The member of a page that has the sessions.
inline constexpr std::string_view kSessionsKey = "sessions";

// {"session":...} without and with the key, {"sessions":[...],...}, and the
// body below.
extern const Schema kSessionEnvelopeSchema;
extern const Schema kNewSessionEnvelopeSchema;
extern const Schema kSessionPageSchema;
extern const Schema kSignInSchema;

// What signs in: exactly one of them is set.
struct SignIn {
  std::optional<auth::Secret> token;
  std::optional<auth::Secret> code;
};

// Reads the body of POST /session: {"token":"tly_..."} or {"code":"..."}.
// InvalidArgument names the wrong or unknown key, or the position of a JSON
// error; it has no part of the values. Unchecked: they may have any bytes.
absl::StatusOr<SignIn> ParseSignIn(std::string_view body);

// Writes a session, and its key unless null: only the response to the sign-in
// shows it. `is_current`: the request has this session.
void WriteSession(const auth::Session& session, const auth::Secret* key,
                  bool is_current, JsonWriter& json);

// {"session":...}
void WriteSessionEnvelope(const auth::Session& session, const auth::Secret* key,
                          JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_SESSIONS_SESSION_JSON_H_
