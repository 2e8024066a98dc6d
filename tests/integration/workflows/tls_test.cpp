// Certificates are verified: what is signed by a trusted authority for that name is answered, everything else
// is not.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <future>
#include <thread>

#include "engine/base/metrics.h"
#include "tests/support/temp_dir.h"
#include "workflows/http_client.h"

using namespace rowhook;
using Kind = HttpResult::Kind;

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};

// A self-signed certificate for `name` ("DNS:localhost", "IP:127.0.0.1"), valid from an hour ago for
// `seconds` from now.
std::unique_ptr<X509, Free> certificate_for(const std::string& name, long seconds, EVP_PKEY* key) {
  std::unique_ptr<X509, Free> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
  X509_add_ext(certificate.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Answers every connection with 204 under one certificate.
class TlsServer {
 public:
  TlsServer(X509* certificate, EVP_PKEY* key) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context_.get(), certificate);
    SSL_CTX_use_PrivateKey(context_.get(), key);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&name), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  int port() const { return port_; }
  int answered() const { return answered_; }

 private:
  void serve() {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stopping_) {
      pollfd poll{listener_, POLLIN, 0};
      if (::poll(&poll, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::unique_ptr<SSL, Free> session(SSL_new(context_.get()));
      SSL_set_fd(session.get(), fd);
      char request[4096];
      if (SSL_accept(session.get()) == 1 && SSL_read(session.get(), request, sizeof request) > 0) {
        const std::string answer = "HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n";
        SSL_write(session.get(), answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(session.get());
        ++answered_;
      }
      ::close(fd);
    }
  }

  std::unique_ptr<SSL_CTX, Free> context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> answered_{0};
  std::thread thread_;
};

class Tls : public ::testing::Test {
 protected:
  // A request to a server whose certificate is for `name`; `trusted`: the client knows its authority.
  HttpResult request(const std::string& name, long seconds, bool trusted) {
    const auto certificate = certificate_for(name, seconds, key_.get());
    HttpClientSettings settings;
    if (trusted) {
      settings.ca_file = directory_ / "ca.pem";
      FILE* file = std::fopen(settings.ca_file.c_str(), "w");
      PEM_write_X509(file, certificate.get());
      std::fclose(file);
    }
    TlsServer server(certificate.get(), key_.get());
    HttpClient client(settings, EgressRules({"127.0.0.0/8"}, {}), metrics_);
    HttpRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    request.body = "{}";
    request.timeout = std::chrono::seconds{10};
    std::promise<HttpResult> promise;
    client.start(request, [&](HttpResult result) { promise.set_value(std::move(result)); });
    auto result = promise.get_future().get();
    EXPECT_EQ(server.answered(), result.kind == Kind::answered ? 1 : 0);
    return result;
  }

  rowhook::testing::TempDir directory_;
  Metrics metrics_;
  std::unique_ptr<EVP_PKEY, Free> key_{EVP_EC_gen("P-256")};
};

TEST_F(Tls, ATrustedCertificateForTheNameIsAnswered) {
  const auto result = request("IP:127.0.0.1", 3600, true);
  EXPECT_EQ(result.kind, Kind::answered) << result.error;
  EXPECT_EQ(result.response.status, 204);
}

TEST_F(Tls, AnythingElseIsNot) {
  EXPECT_EQ(request("IP:127.0.0.1", 3600, false).kind, Kind::transient);    // nobody vouches for it
  EXPECT_EQ(request("DNS:example.com", 3600, true).kind, Kind::transient);  // another name
  const auto expired = request("IP:127.0.0.1", -60, true);
  EXPECT_EQ(expired.kind, Kind::transient);
  EXPECT_THAT(expired.error, ::testing::HasSubstr("certificate"));
}

}  // namespace
