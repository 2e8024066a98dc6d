#include "engine/base/log.h"
#include "workflows/nodes/nodes.h"
#include "workflows/templates.h"

namespace rowhook {
namespace {

constexpr std::size_t longest_line = 8 << 10;

class LogNode final : public Node {
 public:
  LogNode(const nlohmann::json& config, NodeServices& services)
      : level_(config["level"]),
        message_(Template::parse(config["message"].get<std::string>())),
        services_(services) {}

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    std::string line = message_.text({*item, context});
    if (line.size() > longest_line) line.resize(longest_line);
    if (!context.dry_run) log_line(services_, level_, line, context.execution_id);
    if (context.dry_run) context.would = Document::Object{{"level", level_}, {"message", line}};
    context.notes.push_back(std::move(line));
    co_return to_output(std::move(item));
  }

 private:
  std::string level_;
  Template message_;
  NodeServices& services_;
};

void validate(const nlohmann::json& config, NodeServices&, std::vector<Problem>& problems) {
  check_templates(config["message"], "/message", problems);
}

}  // namespace

void log_line(const NodeServices& services, std::string_view level, std::string_view message,
              const std::string& execution_id) {
  if (services.log) return services.log(level, message, execution_id);
  if (level == "error") return log::error(message, {{"execution", execution_id}});
  if (level == "warning") return log::warning(message, {{"execution", execution_id}});
  if (level == "debug") return log::debug(message, {{"execution", execution_id}});
  log::info(message, {{"execution", execution_id}});
}

NodeType log_node() {
  return {"log",
          "Log",
          "Writes one line to the engine's log and to the notes of the execution's step, and passes the item "
          "on unchanged.",
          false,
          true,
          Spec{
              Field::text("message", "Template of the line")
                  .length(1, 1 << 16)
                  .required()
                  .format("template")
                  .example("Order {{ new.id }}: {{ old.status }} -> {{ new.status }}"),
              Field::choice("level", "How important it is", {"debug", "info", "warning", "error"})
                  .fallback("info"),
          },
          input_port,
          output_port,
          validate,
          [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
            return std::make_unique<LogNode>(config, services);
          }};
}

}  // namespace rowhook
