#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>

#include "tests/integration/web/api_rig.h"
#include "tests/support/eventually.h"

namespace rowhook::testing {
namespace {

// A self-signed certificate for 127.0.0.1 in `dir`: cert.pem, key.pem, and other.pem, the key of nobody.
void make_certificate(const TempDir& dir) {
  const std::string command = "cd '" + dir.path().string() +
                              "' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
                              "-nodes -days 2 -subj /CN=localhost "
                              "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null "
                              "&& openssl ecparam -name prime256v1 "
                              "-genkey -noout -out other.pem 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

// Sends `request` over TLS, trusting the certificate in `ca`; everything that came until the other side
// closed.
std::string ask_tls(std::uint16_t port, const std::string& ca, const std::string& request,
                    int highest_version) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (highest_version != 0) SSL_CTX_set_max_proto_version(context, highest_version);
  BIO* bio = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(bio, ("127.0.0.1:" + std::to_string(port)).c_str());
  std::string answer;
  if (BIO_do_connect(bio) == 1 && BIO_do_handshake(bio) == 1) {
    BIO_write(bio, request.data(), static_cast<int>(request.size()));
    char buffer[4096];
    for (int size = 0; (size = BIO_read(bio, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(size));
  }
  BIO_free_all(bio);
  SSL_CTX_free(context);
  return answer;
}

TEST(Tls, ServesWithACertificate) {
  TempDir dir;
  make_certificate(dir);
  ApiRig::Options options;
  options.server.tls_certificate = dir / "cert.pem";
  options.server.tls_key = dir / "key.pem";
  ApiRig rig(options);
  EXPECT_TRUE(rig.server().base_url().starts_with("https://127.0.0.1:"));
  const std::string request = rig.text("GET", "/api/v1/triggers", "", "viewer") +
                              rig.text("GET", "/livez", "", "", {{"Connection", "close"}});
  const std::string answer = ask_tls(rig.port(), dir / "cert.pem", request, 0);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer;
  EXPECT_NE(answer.find("Strict-Transport-Security"), std::string::npos);
  EXPECT_NE(answer.find(R"({"status":"ok"})"), std::string::npos);
  EXPECT_EQ(ask_tls(rig.port(), dir / "cert.pem", request, TLS1_1_VERSION), "") << "TLS 1.2 is the least";
  HttpConnection plain(rig.port());
  plain.send("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_TRUE(plain.closed_within(std::chrono::seconds{10}));
}

TEST(Tls, ARenewedCertificateCountsFromTheNextConnection) {
  TempDir dir, renewed;
  make_certificate(dir);
  make_certificate(renewed);
  ApiRig::Options options;
  options.server.tls_certificate = dir / "cert.pem";
  options.server.tls_key = dir / "key.pem";
  ApiRig rig(options);
  const std::string request = rig.text("GET", "/livez", "", "", {{"Connection", "close"}});
  EXPECT_NE(ask_tls(rig.port(), dir / "cert.pem", request, 0), "");
  EXPECT_THROW(rig.server().reload_tls(renewed / "cert.pem", renewed / "other.pem"), ConfigError);
  EXPECT_THROW(rig.server().reload_tls("", ""), ConfigError);
  EXPECT_NE(ask_tls(rig.port(), dir / "cert.pem", request, 0), "") << "a wrong pair changes nothing";
  rig.server().reload_tls(renewed / "cert.pem", renewed / "key.pem");
  EXPECT_TRUE(eventually([&] { return !ask_tls(rig.port(), renewed / "cert.pem", request, 0).empty(); }));
  EXPECT_EQ(ask_tls(rig.port(), dir / "cert.pem", request, 0), "");
}

std::string refusal(const std::string& listen, const std::string& certificate = "",
                    const std::string& key = "") {
  ApiRig::Options options;
  options.server.listen = listen;
  options.server.tls_certificate = certificate;
  options.server.tls_key = key;
  try {
    ApiRig rig(options);
    return "";
  } catch (const ConfigError& error) {
    EXPECT_FALSE(error.problems().empty());
    EXPECT_FALSE(error.hint().empty());
    return error.problems().front().pointer;
  }
}

TEST(Tls, AnyAddressButLoopbackNeedsIt) {
  EXPECT_EQ(refusal("0.0.0.0:0"), "/server/tls");
  EXPECT_EQ(refusal("[::]:0"), "/server/tls");
  EXPECT_EQ(refusal("10.0.0.1:8088"), "/server/tls");
  EXPECT_EQ(refusal("localhost:0"), "");
  EXPECT_EQ(refusal("127.0.0.2:0"), "");
}

TEST(Tls, WrongSettingsAreNamed) {
  TempDir dir;
  make_certificate(dir);
  EXPECT_EQ(refusal("127.0.0.1"), "/server/listen");
  EXPECT_EQ(refusal("127.0.0.1:99999"), "/server/listen");
  EXPECT_EQ(refusal("rowhook.example.org:80"), "/server/listen");
  EXPECT_EQ(refusal("127.0.0.1:0", dir / "cert.pem"), "/server/tls/key");
  EXPECT_EQ(refusal("127.0.0.1:0", dir / "none.pem", dir / "key.pem"), "/server/tls/certificate");
  EXPECT_EQ(refusal("127.0.0.1:0", dir / "cert.pem", dir / "other.pem"), "/server/tls/key");
}

}  // namespace
}  // namespace rowhook::testing
