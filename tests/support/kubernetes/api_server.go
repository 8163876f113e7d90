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
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	discovery "k8s.io/api/apidiscovery/v2"
	registration "k8s.io/api/admissionregistration/v1"
	authorization "k8s.io/api/authorization/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	"k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
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
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
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
	rest := &others{chain: generic.Authorization.Authorizer, kept: fake.NewSimpleClientset()}
	if rest.policies, err = admissionPolicies(ctx, rest); err != nil {
		return err
	}
	made, err := config.Complete().New(server.NewEmptyDelegateWithCustomHandler(rest))
	if err != nil {
		return err
	}
	groups := made.GenericAPIServer.AggregatedDiscoveryGroupManager
	for group, kinds := range map[string][]string{"apps": {"Deployment", "StatefulSet"}, "batch": {"Job"},
		"scheduling.k8s.io":            {"-PriorityClass"},
		"admissionregistration.k8s.io": {"-ValidatingAdmissionPolicy", "-ValidatingAdmissionPolicyBinding"},
		"authorization.k8s.io":         {"-SubjectAccessReview"}} {
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
// is empty, a named object is not found, what is written is said to be written. Namespaces, what stands in
// one that was made, and admission policies are kept; kube-apiserver's own plug-in evaluates those for each
// write. It asks the chain of authorizers itself for `kubectl auth can-i` and SubjectAccessReviews.
type others struct {
	chain    authorizer.Authorizer
	groups   http.Handler
	kept     *fake.Clientset
	policies *validating.Plugin
}

func admissionPolicies(ctx context.Context, o *others) (*validating.Plugin, error) {
	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(o.kept, 0)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetExternalKubeClientSet(o.kept)
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme.Scheme))
	plugin.SetRESTMapper(apimeta.NewDefaultRESTMapper(nil))
	plugin.SetAuthorizer(o.chain)
	plugin.SetDrainedNotification(ctx.Done())
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	return plugin, nil
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
	case info == nil || !info.IsResourceRequest || info.Verb == "watch":
		refuse(w, errors.NewNotFound(schema.GroupResource{}, r.URL.Path))
	case info.Resource == "selfsubjectaccessreviews" || info.Resource == "subjectaccessreviews":
		o.review(w, r)
	case info.Verb == "get":
		o.get(w, r, info)
	case info.Verb == "list":
		o.list(w, info)
	case info.Verb == "delete" || info.Verb == "deletecollection":
		_ = o.kept.Tracker().Delete(resourceOf(info), namespaceOf(info), info.Name)
		send(w, http.StatusOK, meta.Status{TypeMeta: meta.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: meta.StatusSuccess})
	default:
		o.write(w, r, info)
	}
}

func resourceOf(info *request.RequestInfo) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource}
}

// A namespace is in none.
func namespaceOf(info *request.RequestInfo) string {
	if info.Resource == "namespaces" {
		return ""
	}
	return info.Namespace
}

func (o *others) get(w http.ResponseWriter, r *http.Request, info *request.RequestInfo) {
	found, err := o.kept.Tracker().Get(resourceOf(info), namespaceOf(info), info.Name)
	if err != nil {
		refuse(w, errors.NewNotFound(resourceOf(info).GroupResource(), info.Name))
		return
	}
	send(w, http.StatusOK, found)
}

func (o *others) list(w http.ResponseWriter, info *request.RequestInfo) {
	for kind := range scheme.Scheme.KnownTypes(schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}) {
		gvk := schema.GroupVersionKind{Group: info.APIGroup, Version: info.APIVersion, Kind: kind}
		if plural, _ := apimeta.UnsafeGuessKindToResource(gvk); plural.Resource != info.Resource {
			continue
		}
		if found, err := o.kept.Tracker().List(resourceOf(info), gvk, namespaceOf(info)); err == nil {
			found.GetObjectKind().SetGroupVersionKind(gvk.GroupVersion().WithKind(kind + "List"))
			send(w, http.StatusOK, found)
			return
		}
	}
	send(w, http.StatusOK, meta.List{TypeMeta: meta.TypeMeta{Kind: "List", APIVersion: "v1"}, Items: []runtime.RawExtension{}})
}

// What is no object of Kubernetes' own comes back as it is.
func (o *others) write(w http.ResponseWriter, r *http.Request, info *request.RequestInfo) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, errors.NewBadRequest(err.Error()))
		return
	}
	object, gvk, err := scheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil || info.Verb == "patch" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(text)
		return
	}
	setDefaults(object)
	if err := o.admit(r.Context(), object, *gvk, info, r.URL.Query().Get("dryRun") == meta.DryRunAll); err != nil {
		refuse(w, err)
		return
	}
	send(w, http.StatusCreated, object)
}

// kube-apiserver's, of what the plug-in needs.
func setDefaults(object runtime.Object) {
	whole := registration.Equivalent
	complete := func(match *registration.MatchResources) {
		if match.MatchPolicy == nil {
			match.MatchPolicy = &whole
		}
		if match.NamespaceSelector == nil {
			match.NamespaceSelector = &meta.LabelSelector{}
		}
		if match.ObjectSelector == nil {
			match.ObjectSelector = &meta.LabelSelector{}
		}
	}
	switch one := object.(type) {
	case *registration.ValidatingAdmissionPolicy:
		if one.Spec.MatchConstraints != nil {
			complete(one.Spec.MatchConstraints)
		}
	case *registration.ValidatingAdmissionPolicyBinding:
		if one.Spec.MatchResources != nil {
			complete(one.Spec.MatchResources)
		}
	case *core.Namespace:
		one.Status.Phase = core.NamespaceActive
	}
}

// And keeps it, where it is one of those that are kept.
func (o *others) admit(ctx context.Context, object runtime.Object, gvk schema.GroupVersionKind, info *request.RequestInfo,
	dryRun bool) error {
	about, err := apimeta.Accessor(object)
	if err != nil {
		return nil
	}
	who, _ := request.UserFrom(ctx)
	resource, namespace := resourceOf(info), namespaceOf(info)
	old, err := o.kept.Tracker().Get(resource, namespace, about.GetName())
	operation, options := admission.Create, runtime.Object(&meta.CreateOptions{})
	if info.Verb == "update" {
		operation, options = admission.Update, &meta.UpdateOptions{}
		if err != nil {
			return errors.NewNotFound(resource.GroupResource(), about.GetName())
		}
	} else {
		old = nil
	}
	attributes := admission.NewAttributesRecord(object, old, gvk, namespace, about.GetName(), resource, info.Subresource,
		operation, options, dryRun, who)
	place, err := o.kept.CoreV1().Namespaces().Get(ctx, namespace, meta.GetOptions{})
	if namespace != "" && err != nil {
		return nil
	}
	if err := podSecurity(place, object, attributes); err != nil {
		return err
	}
	if err := o.policies.Validate(ctx, attributes, admission.NewObjectInterfacesFromScheme(scheme.Scheme)); err != nil {
		return err
	}
	if dryRun {
		return nil
	}
	if operation == admission.Update {
		return o.kept.Tracker().Update(resource, object, namespace)
	}
	return o.kept.Tracker().Create(resource, object, namespace)
}

// Stands in for Pod Security, of which nothing is in the library: one capability, at "baseline".
func podSecurity(namespace *core.Namespace, object runtime.Object, attributes admission.Attributes) error {
	pod, isPod := object.(*core.Pod)
	if !isPod || namespace.Labels["pod-security.kubernetes.io/enforce"] != "baseline" {
		return nil
	}
	for _, one := range pod.Spec.Containers {
		if one.SecurityContext == nil || one.SecurityContext.Capabilities == nil ||
			!slices.Contains(one.SecurityContext.Capabilities.Add, "SYS_ADMIN") {
			continue
		}
		return admission.NewForbidden(attributes, fmt.Errorf("violates PodSecurity \"baseline:latest\": non-default capabilities "+
			"(container %q must not include \"SYS_ADMIN\" in securityContext.capabilities.add)", one.Name))
	}
	return nil
}

func (o *others) review(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, errors.NewBadRequest(err.Error()))
		return
	}
	object, gvk, err := scheme.Codecs.UniversalDeserializer().Decode(text, nil, nil) // kubectl sends protobuf
	if err != nil {
		refuse(w, errors.NewBadRequest(err.Error()))
		return
	}
	who, _ := request.UserFrom(r.Context())
	switch asked := object.(type) {
	case *authorization.SelfSubjectAccessReview:
		asked.Status = o.status(r.Context(), who, asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes)
	case *authorization.SubjectAccessReview:
		about := &user.DefaultInfo{Name: asked.Spec.User, Groups: asked.Spec.Groups}
		asked.Status = o.status(r.Context(), about, asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes)
	}
	object.GetObjectKind().SetGroupVersionKind(*gvk)
	send(w, http.StatusCreated, object)
}

func (o *others) status(ctx context.Context, who user.Info, resource *authorization.ResourceAttributes,
	path *authorization.NonResourceAttributes) authorization.SubjectAccessReviewStatus {
	attributes := authorizer.AttributesRecord{User: who}
	if resource != nil {
		attributes.ResourceRequest = true
		attributes.Verb, attributes.APIGroup, attributes.APIVersion = resource.Verb, resource.Group, resource.Version
		attributes.Resource, attributes.Subresource = resource.Resource, resource.Subresource
		attributes.Namespace, attributes.Name = resource.Namespace, resource.Name
	} else if path != nil {
		attributes.Verb, attributes.Path = path.Verb, path.Path
	}
	decision, reason, failure := o.chain.Authorize(ctx, attributes)
	status := authorization.SubjectAccessReviewStatus{
		Allowed: decision == authorizer.DecisionAllow, Denied: decision == authorizer.DecisionDeny, Reason: reason}
	if failure != nil {
		status.EvaluationError = failure.Error()
	}
	return status
}

// Kinds, those of the whole cluster with a minus.
func discovered(kinds []string, group string) discovery.APIVersionDiscovery {
	version := discovery.APIVersionDiscovery{Version: "v1", Freshness: discovery.DiscoveryFreshnessCurrent}
	for _, kind := range kinds {
		scope := discovery.ScopeNamespace
		if strings.HasPrefix(kind, "-") {
			kind, scope = kind[1:], discovery.ScopeCluster
		}
		gvk := schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}
		plural, singular := apimeta.UnsafeGuessKindToResource(gvk)
		version.Resources = append(version.Resources, discovery.APIResourceDiscovery{
			Resource: plural.Resource, SingularResource: singular.Resource, Scope: scope,
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

func refuse(w http.ResponseWriter, err error) {
	var status errors.APIStatus
	if known, ok := err.(errors.APIStatus); ok {
		status = known
	} else {
		status = errors.NewInternalError(err)
	}
	told := status.Status()
	told.TypeMeta = meta.TypeMeta{Kind: "Status", APIVersion: "v1"}
	send(w, int(told.Code), told)
}
