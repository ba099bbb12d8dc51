// Operations for the tests of the two documents.

#ifndef TALLYMAN_API_OPENAPI_TESTING_OPERATIONS_H_
#define TALLYMAN_API_OPENAPI_TESTING_OPERATIONS_H_

#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/media_type.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"

namespace tallyman::api {

inline constexpr Tag kTestTag = {"Boxes", "Things with <things> in them."};

inline constexpr Field kBoxFields[] = {
    {"id", Integer("Which \"one\".", "7", 1)}};
inline constexpr Schema kBoxSchema =
    Object("Box", "A box & its `<content>`.", kBoxFields);

inline constexpr Parameter kBoxId = {.name = "id",
                                     .schema = Integer("Which box.", "7", 1)};
inline constexpr Schema kColour = String("A colour.", "red");
inline constexpr Parameter kColours = {
    .name = "colours", .schema = Array("Of these colours.", kColour)};
inline constexpr const Parameter* kBoxPath[] = {&kBoxId};
inline constexpr const Parameter* kBoxQuery[] = {&kColours};
inline constexpr Content kBoxBody[] = {
    {.schema = &kBoxSchema},
    {.media_type = kFormMediaType, .schema = &kBoxSchema}};
inline constexpr const Header* kBoxHeaders[] = {&kLocationHeader};
inline constexpr Answer kBoxAnswers[] = {{.status = 201,
                                          .description = "A <box>.",
                                          .contents = kOneContent<kBoxSchema>,
                                          .headers = kBoxHeaders}};
inline constexpr ErrorKind kBoxErrors[] = {ErrorKind::kConflict};

// At both mounts; with all that an operation can have.
inline constexpr Operation kMakeBox = {.id = "makeBox",
                                       .method = "POST",
                                       .path = "/boxes/{id}",
                                       .tag = &kTestTag,
                                       .summary = "Makes a <box>",
                                       .description = "It is `new`.",
                                       .scope = auth::Scope::kAdmin,
                                       .path_parameters = kBoxPath,
                                       .query = kBoxQuery,
                                       .bodies = kBoxBody,
                                       .answers = kBoxAnswers,
                                       .errors = kBoxErrors};

inline constexpr Answer kPlainAnswers[] = {{.description = "Nothing."}};
// Of the host family.
inline constexpr Operation kGetHostBox = {.id = "getHostBox",
                                          .method = "GET",
                                          .path = "/server/box",
                                          .family = ApiFamily::kHost,
                                          .tag = &kTestTag,
                                          .summary = "Shows it",
                                          .scope = auth::Scope::kPublic,
                                          .answers = kPlainAnswers};
// Needs no token, and is at the root only.
inline constexpr Operation kGetOpenBox = {.id = "getOpenBox",
                                          .method = "GET",
                                          .path = "/box.json",
                                          .is_at_root_only = true,
                                          .tag = &kTestTag,
                                          .summary = "Shows it to all",
                                          .answers = kPlainAnswers};

inline constexpr const Operation* kTestOperations[] = {&kMakeBox, &kGetHostBox,
                                                       &kGetOpenBox};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_TESTING_OPERATIONS_H_
