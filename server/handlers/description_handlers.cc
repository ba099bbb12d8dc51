#include "server/handlers/description_handlers.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/etag.h"
#include "api/http/http.h"
#include "api/openapi/docs_page.h"
#include "api/openapi/docs_style.h"
#include "api/openapi/openapi.h"
#include "platform/base/digest.h"
#include "server/handlers/shared_document.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kContentSecurityPolicy = "Content-Security-Policy";
constexpr std::string_view kReferrerPolicy = "Referrer-Policy";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
// Caches keep the document and ask whether it is still the current one.
constexpr std::string_view kCacheControl = "no-cache";

constexpr api::Tag kTag = {"Description", "This description of the API."};

constexpr const api::Parameter* kHeaders[] = {&api::kIfNoneMatchParameter};
constexpr const api::Header* kEtagHeaders[] = {&api::kEtagHeader};
constexpr api::Header kPolicy = {
    .name = kContentSecurityPolicy,
    .schema = api::String("The page may load nothing and run no script.",
                          "default-src 'none'")};
constexpr api::Header kReferrer = {
    .name = kReferrerPolicy,
    .schema =
        api::String("Links do not tell where they come from.", "no-referrer")};
constexpr const api::Header* kPageHeaders[] = {&api::kEtagHeader, &kPolicy,
                                               &kReferrer};

constexpr api::Schema kDocument = api::AnyObject(
    "A document in OpenAPI 3.1.",
    R"({"openapi":"3.1.0","info":{"title":"Tallyman","version":"0.1.0"}})");
constexpr api::Schema kPage =
    api::String("A page in HTML.", "<!doctype html>\n<html lang=\"en\">...");
constexpr api::Content kDocumentContents[] = {{.schema = &kDocument}};
constexpr api::Content kPageContents[] = {
    {.media_type = "text/html", .schema = &kPage}};

constexpr api::Answer kUnchanged = {
    .status = 304,
    .description = "The client has the current one.",
    .headers = kEtagHeaders};
constexpr api::Answer kDocumentAnswers[] = {{.description = "The document.",
                                             .contents = kDocumentContents,
                                             .headers = kEtagHeaders},
                                            kUnchanged};
constexpr api::Answer kPageAnswers[] = {{.description = "The page.",
                                         .contents = kPageContents,
                                         .headers = kPageHeaders},
                                        kUnchanged};

constexpr api::Operation kGetOpenApi = {
    .id = "getOpenApi",
    .method = "GET",
    .path = "/openapi.json",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Describes the API to programs",
    .headers = kHeaders,
    .answers = kDocumentAnswers,
};
constexpr api::Operation kGetDocs = {
    .id = "getDocs",
    .method = "GET",
    .path = "/docs",
    .is_at_root_only = true,
    .tag = &kTag,
    .summary = "Describes the API to people",
    .headers = kHeaders,
    .answers = kPageAnswers,
};

std::string PagePolicy() {
  const base::Sha256Digest style = base::Sha256(api::kDocsStyle);
  return absl::StrCat(
      "default-src 'none'; style-src 'sha256-",
      absl::Base64Escape(std::string_view(
          reinterpret_cast<const char*>(style.data()), style.size())),
      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

void SetBody(std::string text, SharedDocument& document) {
  document.etag = api::StrongEtag(text);
  document.body = std::make_shared<const std::string>(std::move(text));
}

std::shared_ptr<SharedDocument> AddDocument(const api::Operation& operation,
                                            std::string_view content_type,
                                            Router& router) {
  auto document = std::make_shared<SharedDocument>(
      SharedDocument{.content_type = std::string(content_type),
                     .cache_control = kCacheControl});
  router.Add(
      operation,
      [document](const RequestContext& context) -> HandlerResult {
        return document->Answer(context.request);
      },
      /*is_fast=*/true);
  return document;
}

}  // namespace

void AddDescriptionRoutes(std::string_view version, Router& router) {
  const auto openapi = AddDocument(kGetOpenApi, kJson, router);
  const auto docs = AddDocument(kGetDocs, kHtml, router);
  SetBody(api::RenderOpenApi(router.operations(), version), *openapi);
  docs->headers = {{kContentSecurityPolicy, PagePolicy()},
                   {kReferrerPolicy, "no-referrer"}};
  SetBody(api::RenderDocsPage(router.operations(), version), *docs);
}

}  // namespace tallyman::server
