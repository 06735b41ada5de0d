import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One node of OpenSearch on loopback: java SearchNode.java DIRECTORY. It prints "ready" and its port, and ends when its
 * standard input does.
 */
public final class SearchNode extends Node {
    private SearchNode(Environment environment, Collection<Class<? extends Plugin>> plugins) {
        super(environment, plugins, false);
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        Settings settings = Settings.builder()
            .put("path.home", home.toString())
            .put("discovery.type", "single-node")
            .put("http.host", "127.0.0.1")
            .put("http.port", "0")
            .put("transport.host", "127.0.0.1")
            .put("transport.port", "0")
            // A machine whose disk is nearly full is no reason to refuse a test.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home, () -> "test");
        Node node = new SearchNode(environment, List.of(Netty4Plugin.class)).start();
        HttpServerTransport http = node.injector().getInstance(HttpServerTransport.class);
        System.out.println("ready " + http.boundAddress().publishAddress().getPort() + ".");
        System.in.read();
        Runtime.getRuntime().halt(0);
    }
}
