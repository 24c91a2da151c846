// Certificates made at test time, and a blocking TLS server side for RawSocket.
#pragma once

#include "support/raw_socket.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

namespace fairlead::net {

struct OpenSslFree {
  void operator()(X509* one) const { X509_free(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(SSL_CTX* one) const { SSL_CTX_free(one); }
  void operator()(SSL* one) const { SSL_free(one); }
};
template <class T>
using OpenSsl = std::unique_ptr<T, OpenSslFree>;

struct Certificate {
  OpenSsl<EVP_PKEY> key;
  OpenSsl<X509> x509;
};

struct CertificateWish {
  std::string names = "DNS:localhost,IP:127.0.0.1";  ///< as OpenSSL writes them; empty for a CA
  long from_seconds = -3600, to_seconds = 3600;      ///< from now
};

/// Signed by `issuer`, or by itself.
inline Certificate make_certificate(const CertificateWish& wish,
                                    const Certificate* issuer = nullptr) {
  Certificate made{OpenSsl<EVP_PKEY>(EVP_EC_gen("P-256")), OpenSsl<X509>(X509_new())};
  static long serial = 1;
  X509* x = made.x509.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), wish.from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(x), wish.to_seconds);
  X509_set_pubkey(x, made.key.get());
  const std::string name =
      (wish.names.empty() ? "Test Authority " : "Test Server ") + std::to_string(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer ? issuer->x509.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer, x, nullptr, nullptr, 0);
  const auto add = [&](int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, wish.names.empty() ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!wish.names.empty()) add(NID_subject_alt_name, wish.names);
  X509_sign(x, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

inline void write_pem(const Certificate& certificate, const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, certificate.x509.get());
  std::fclose(file);
}

inline OpenSsl<SSL_CTX> server_tls(const Certificate& certificate, int newest = TLS1_3_VERSION) {
  OpenSsl<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), certificate.x509.get());
  SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
  SSL_CTX_set_max_proto_version(context.get(), newest);
  constexpr unsigned char id[] = "test";
  SSL_CTX_set_session_id_context(context.get(), id, sizeof id);
  return context;
}

/// The server's side of TLS on a connected socket.
class RawTls {
 public:
  RawTls(SSL_CTX* context, RawSocket& socket) : tls_(SSL_new(context)) {
    SSL_set_fd(tls_.get(), socket.descriptor());
    // OpenSSL writes without MSG_NOSIGNAL; a client that has gone must not end the test.
    std::signal(SIGPIPE, SIG_IGN);
    accepted_ = SSL_accept(tls_.get()) == 1;
  }
  bool accepted() const { return accepted_; }
  bool resumed() const { return SSL_session_reused(tls_.get()) == 1; }
  std::string server_name() const {
    const char* name = SSL_get_servername(tls_.get(), TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
  }
  void send(std::string_view text) {
    SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
  }
  void end() { SSL_shutdown(tls_.get()); }
  std::string read_until(std::string_view mark) {
    std::string text;
    char byte = 0;
    while (!text.ends_with(mark) && SSL_read(tls_.get(), &byte, 1) == 1) text += byte;
    return text;
  }

 private:
  OpenSsl<SSL> tls_;
  bool accepted_ = false;
};

}  // namespace fairlead::net
