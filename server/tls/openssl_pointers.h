// Owned objects of OpenSSL.

#ifndef TALLYMAN_SERVER_TLS_OPENSSL_POINTERS_H_
#define TALLYMAN_SERVER_TLS_OPENSSL_POINTERS_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace tallyman::server {

template <auto Free>
struct OpensslDeleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

// BIO_free_all also frees what `object` is chained to.
using BioPtr = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpensslDeleter<SSL_free>>;
using SslSessionPtr =
    std::unique_ptr<SSL_SESSION, OpensslDeleter<SSL_SESSION_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_OPENSSL_POINTERS_H_
