// SPDX-License-Identifier: Apache-2.0

// A Kubernetes API server for the tests: apiextensions-apiserver, whose library is kube-apiserver's,
// with authentication and authorization put together from that library as kube-apiserver does it,
// from the same configuration files. What stands in for something is said where it stands.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	discovery "k8s.io/api/apidiscovery/v2"
	authorization "k8s.io/api/authorization/v1"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/apis/apiserver/load"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	requestunion "k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/token/cache"
	tokenunion "k8s.io/apiserver/pkg/authentication/token/union"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/cel"
	"k8s.io/apiserver/pkg/authorization/union"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	serveroptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
	tokenwebhook "k8s.io/apiserver/plugin/pkg/authenticator/token/webhook"
	accesswebhook "k8s.io/apiserver/plugin/pkg/authorizer/webhook"
	webhookmetrics "k8s.io/apiserver/plugin/pkg/authorizer/webhook/metrics"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/cli"
)

// As kube-apiserver calls them; all but the last.
type settings struct {
	clientCA             string
	authenticationConfig string
	authorizationConfig  string
	tokenWebhook         string
	tokenTTL             time.Duration
	rbacAllows           []string
}

func main() {
	var given settings
	o := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	o.RecommendedOptions.Authentication = nil
	o.RecommendedOptions.Authorization = nil
	cmd := &cobra.Command{
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return o.ServerRunOptions.ComponentGlobalsRegistry.Set()
		},
		RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), o, given) },
	}
	cmd.SetContext(server.SetupSignalContext())
	o.AddFlags(cmd.Flags())
	cmd.Flags().StringVar(&given.clientCA, "client-ca-file", "", "")
	cmd.Flags().StringVar(&given.authenticationConfig, "authentication-config", "", "")
	cmd.Flags().StringVar(&given.authorizationConfig, "authorization-config", "", "")
	cmd.Flags().StringVar(&given.tokenWebhook, "authentication-token-webhook-config-file", "", "")
	cmd.Flags().DurationVar(&given.tokenTTL, "authentication-token-webhook-cache-ttl", 2*time.Minute, "")
	cmd.Flags().StringSliceVar(&given.rbacAllows, "rbac-allows", nil, "groups; stands in for RBAC")
	os.Exit(cli.Run(cmd))
}

func serve(ctx context.Context, o *options.CustomResourceDefinitionsServerOptions, given settings) error {
	if err := o.Complete(); err != nil {
		return err
	}
	if err := o.Validate(); err != nil {
		return err
	}
	config, err := o.Config()
	if err != nil {
		return err
	}
	generic := &config.GenericConfig.Config
	if generic.Authorization.Authorizer, err = authorizers(given); err != nil {
		return err
	}
	if generic.Authentication.Authenticator, err = authenticators(ctx, generic, given); err != nil {
		return err
	}
	rest := &others{chain: generic.Authorization.Authorizer}
	made, err := config.Complete().New(server.NewEmptyDelegateWithCustomHandler(rest))
	if err != nil {
		return err
	}
	groups := made.GenericAPIServer.AggregatedDiscoveryGroupManager
	for group, kinds := range map[string][]string{"apps": {"Deployment"}, "batch": {"Job"}} {
		groups.AddGroupVersion(group, discovered(kinds, group))
	}
	rest.groups = groups
	return made.GenericAPIServer.PrepareRun().RunWithContext(ctx)
}

// ---- who it is -----------------------------------------------------------------------------------

func authenticators(ctx context.Context, config *server.Config, given settings) (authenticator.Request, error) {
	ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca", given.clientCA)
	if err != nil {
		return nil, err
	}
	if err := config.Authentication.ApplyClientCert(ca, config.SecureServing); err != nil {
		return nil, err
	}
	tokens, err := tokenAuthenticators(ctx, given)
	if err != nil {
		return nil, err
	}
	either := requestunion.New(x509.NewDynamic(ca.VerifyOptions, x509.CommonNameUserConversion), bearertoken.New(tokens))
	return requestunion.NewFailOnError(group.NewAuthenticatedGroupAdder(either), anonymous.NewAuthenticator(nil)), nil
}

func tokenAuthenticators(ctx context.Context, given settings) (authenticator.Token, error) {
	var tokens []authenticator.Token
	issuers, err := jwtIssuers(given.authenticationConfig)
	if err != nil {
		return nil, err
	}
	for _, issuer := range issuers {
		ca, err := dynamiccertificates.NewStaticCAContent("issuer", []byte(issuer.Issuer.CertificateAuthority))
		if err != nil {
			return nil, err
		}
		made, err := oidc.New(ctx, oidc.Options{JWTAuthenticator: issuer, CAContentProvider: ca})
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, made)
	}
	if given.tokenWebhook != "" {
		client, err := webhook.LoadKubeconfig(given.tokenWebhook, nil)
		if err != nil {
			return nil, err
		}
		reviews, err := tokenwebhook.New(client, "v1", nil, *serveroptions.DefaultAuthWebhookRetryBackoff())
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, cache.New(reviews, false, given.tokenTTL, given.tokenTTL))
	}
	return tokenunion.New(tokens...), nil
}

func jwtIssuers(path string) ([]apiserver.JWTAuthenticator, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	known := runtime.NewScheme()
	install.Install(known)
	codecs := serializer.NewCodecFactory(known, serializer.EnableStrict)
	decoded, err := runtime.Decode(codecs.UniversalDecoder(), text)
	if err != nil {
		return nil, err
	}
	config, ok := decoded.(*apiserver.AuthenticationConfiguration)
	if !ok {
		return nil, fmt.Errorf("%s is no AuthenticationConfiguration", path)
	}
	return config.JWT, nil
}

// ---- who may -------------------------------------------------------------------------------------

func authorizers(given settings) (authorizer.Authorizer, error) {
	config, err := load.LoadFromFile(given.authorizationConfig)
	if err != nil {
		return nil, err
	}
	// kube-apiserver, too, has this one before all others.
	chain := []authorizer.Authorizer{authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)}
	for _, one := range config.Authorizers {
		switch one.Type {
		case "Webhook":
			made, err := accessWebhook(one)
			if err != nil {
				return nil, err
			}
			chain = append(chain, made)
		case "RBAC": // stands in: its code is not in the library
			chain = append(chain, authorizerfactory.NewPrivilegedGroups(given.rbacAllows...))
		default:
			return nil, fmt.Errorf("%s is no authorizer here", one.Type)
		}
	}
	return union.New(chain...), nil
}

type silent struct {
	webhookmetrics.NoopRequestMetrics
	webhookmetrics.NoopWebhookMetrics
	cel.NoopMatcherMetrics
}

func accessWebhook(one apiserver.AuthorizerConfiguration) (authorizer.Authorizer, error) {
	client, err := webhook.LoadKubeconfig(*one.Webhook.ConnectionInfo.KubeConfigFile, nil)
	if err != nil {
		return nil, err
	}
	client.Timeout = one.Webhook.Timeout.Duration
	allowed, refused := one.Webhook.AuthorizedTTL.Duration, one.Webhook.UnauthorizedTTL.Duration
	if !one.Webhook.CacheAuthorizedRequests {
		allowed = 0
	}
	if !one.Webhook.CacheUnauthorizedRequests {
		refused = 0
	}
	onError := authorizer.DecisionDeny
	if one.Webhook.FailurePolicy == apiserver.FailurePolicyNoOpinion {
		onError = authorizer.DecisionNoOpinion
	}
	return accesswebhook.New(client, one.Webhook.SubjectAccessReviewVersion, allowed, refused,
		*serveroptions.DefaultAuthWebhookRetryBackoff(), onError, one.Webhook.MatchConditions, one.Name, silent{},
		cel.NewDefaultCompiler())
}

// ---- what only a whole kube-apiserver has ----------------------------------------------------------

// Stands in for the core API and the other built-in ones, after authentication and authorization: a list
// is empty, a named object is not found, what is written is said to be written. It asks the chain of
// authorizers itself for `kubectl auth can-i`.
type others struct {
	chain  authorizer.Authorizer
	groups http.Handler
}

func (o *others) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	info, _ := request.RequestInfoFrom(r.Context())
	switch {
	case r.URL.Path == "/api":
		w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		kinds := []string{"Pod", "Service", "Secret", "ConfigMap", "Event", "ServiceAccount", "-Namespace", "-Node"}
		core := discovery.APIGroupDiscovery{Versions: []discovery.APIVersionDiscovery{discovered(kinds, "")}}
		send(w, http.StatusOK, discovery.APIGroupDiscoveryList{
			TypeMeta: meta.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"},
			Items:    []discovery.APIGroupDiscovery{core}})
	case r.URL.Path == "/apis": // the aggregator's, which knows the groups of every server
		o.groups.ServeHTTP(w, r)
	case info == nil || !info.IsResourceRequest || info.Verb == "get" || info.Verb == "watch":
		send(w, http.StatusNotFound, meta.Status{TypeMeta: meta.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status: meta.StatusFailure, Reason: meta.StatusReasonNotFound, Code: http.StatusNotFound,
			Message: r.URL.Path + " is not here"})
	case info.Resource == "selfsubjectaccessreviews":
		o.review(w, r)
	case info.Verb == "list":
		send(w, http.StatusOK, meta.List{TypeMeta: meta.TypeMeta{Kind: "List", APIVersion: "v1"},
			Items: []runtime.RawExtension{}})
	case info.Verb == "delete" || info.Verb == "deletecollection":
		send(w, http.StatusOK, meta.Status{TypeMeta: meta.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: meta.StatusSuccess})
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.Copy(w, r.Body)
	}
}

func (o *others) review(w http.ResponseWriter, r *http.Request) {
	var asked authorization.SelfSubjectAccessReview
	text, err := io.ReadAll(r.Body)
	if err == nil { // kubectl sends protobuf
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(text, nil, &asked)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	who, _ := request.UserFrom(r.Context())
	attributes := authorizer.AttributesRecord{User: who}
	if one := asked.Spec.ResourceAttributes; one != nil {
		attributes.ResourceRequest = true
		attributes.Verb, attributes.APIGroup, attributes.APIVersion = one.Verb, one.Group, one.Version
		attributes.Resource, attributes.Subresource = one.Resource, one.Subresource
		attributes.Namespace, attributes.Name = one.Namespace, one.Name
	} else if path := asked.Spec.NonResourceAttributes; path != nil {
		attributes.Verb, attributes.Path = path.Verb, path.Path
	}
	decision, reason, failure := o.chain.Authorize(r.Context(), attributes)
	asked.Status = authorization.SubjectAccessReviewStatus{
		Allowed: decision == authorizer.DecisionAllow, Denied: decision == authorizer.DecisionDeny, Reason: reason}
	if failure != nil {
		asked.Status.EvaluationError = failure.Error()
	}
	asked.TypeMeta = meta.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: "authorization.k8s.io/v1"}
	send(w, http.StatusCreated, asked)
}

// Kinds, those of the whole cluster with a minus.
func discovered(kinds []string, group string) discovery.APIVersionDiscovery {
	version := discovery.APIVersionDiscovery{Version: "v1", Freshness: discovery.DiscoveryFreshnessCurrent}
	for _, kind := range kinds {
		scope := discovery.ScopeNamespace
		if strings.HasPrefix(kind, "-") {
			kind, scope = kind[1:], discovery.ScopeCluster
		}
		version.Resources = append(version.Resources, discovery.APIResourceDiscovery{
			Resource: strings.ToLower(kind) + "s", SingularResource: strings.ToLower(kind), Scope: scope,
			ResponseKind: &meta.GroupVersionKind{Group: group, Version: "v1", Kind: kind},
			Verbs:        []string{"create", "delete", "get", "list", "patch", "update", "watch"}})
	}
	return version
}

func send(w http.ResponseWriter, status int, document any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document)
}
